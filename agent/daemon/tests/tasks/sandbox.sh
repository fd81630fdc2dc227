#!/bin/bash
# sandbox.sh FOLDER SHARE COMMAND…: runs COMMAND as root on a copy of this machine that is gone afterwards.
#
# Its own mounts, processes and network; every write goes to memory. FOLDER keeps sshd and sudo, unpacked from Debian's
# packages and not installed; SHARE is seen inside as it is.
set -eu
folder=$1 share=$2
shift 2

need="openssh-server openssh-sftp-server libwrap0 sudo"
if [ ! -e "$folder/ready" ]; then
  mkdir -p "$folder"
  (
    flock 9
    if [ ! -e "$folder/ready" ]; then
      rm -rf "$folder/debs" "$folder/root"
      mkdir "$folder/debs" "$folder/root"
      cd "$folder/debs"
      # shellcheck disable=SC2086
      apt-get -qq download $need 2>/dev/null || { apt-get -qq update && apt-get -qq download $need; }
      for package in *.deb; do dpkg-deb -x "$package" "$folder/root"; done
      # What unpacking leaves in /lib belongs in /usr/lib, where /lib points to.
      if [ -d "$folder/root/lib" ]; then cp -a "$folder/root/lib/." "$folder/root/usr/lib/"; rm -rf "$folder/root/lib"; fi
      touch "$folder/ready"
    fi
  ) 9> "$folder/lock"
fi

export folder share
exec unshare --mount --pid --net --uts --ipc --fork --kill-child --propagation private bash -euc '
  memory=$(mktemp -d)
  mount -t tmpfs -o size=256m,mode=755 tmpfs "$memory"
  mkdir "$memory/up" "$memory/work" "$memory/root"
  cp -a "$folder/root/." "$memory/up/"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$memory/up,workdir=$memory/work" "$memory/root"
  root=$memory/root
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for node in null zero full random urandom tty; do touch "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
  ln -s /proc/self/fd "$root/dev/fd"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mkdir -p "$root/run/sshd" "$root/run/lock" "$root$share"
  mount --bind "$share" "$root$share"
  touch "$root/run/claviger-sandbox"
  mkdir -p "$root/etc/ssh/sshd_config.d"
  cp "$root/usr/share/openssh/sshd_config" "$root/etc/ssh/sshd_config"
  ip link set lo up 2>/dev/null || true
  mkdir "$root/old"
  cd "$root"
  pivot_root . old
  umount -l /old
  cd /
  grep -q "^sshd:" /etc/passwd || useradd -r -d /run/sshd -s /usr/sbin/nologin sshd
  ldconfig
  ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root "$@"
' sandbox "$@"
