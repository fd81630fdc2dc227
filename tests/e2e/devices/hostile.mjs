import assert from 'node:assert/strict';
import { once } from 'node:events';
import { until } from '../lib/wait.mjs';
import { Authority } from './authority.mjs';

const DATA = '/var/lib/claviger-agent';
const SOCKET = '/run/claviger-agent/login.sock';

// Says yes to whoever calls: what a program on the device would try.
const SQUATTER = `
import os, socket, sys
os.setgid(65534); os.setuid(int(sys.argv[1]))
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("${SOCKET}"); s.listen(16); print("up", flush=True)
while True:
    call, _ = s.accept()
    call.recv(4096); call.send(b"ok\\n")
`;

// Says yes to whatever is asked, under a certificate of its own.
const IMPOSTOR = `
import http.server, ssl, sys
class Yes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'{"verdict":"accepted"}')
    do_POST = do_GET
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Yes)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("up", flush=True)
server.serve_forever()
`;

const FLIP = `
import os, random, sys
random.seed(int(sys.argv[2]))
with open(sys.argv[1], "r+b") as file:
    size = os.fstat(file.fileno()).st_size
    for _ in range(int(sys.argv[3])):
        at = random.randrange(size)
        file.seek(at); byte = file.read(1)[0]
        file.seek(at); file.write(bytes([byte ^ (1 << random.randrange(8))]))
`;

const FLIP_AT = `
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2])); byte = file.read(1)[0]
    file.seek(int(sys.argv[2])); file.write(bytes([byte ^ 64]))
`;

/** Places in a file. Every byte of every file takes minutes here; the agent's own tests flip them all, and start anew. */
const sample = (size) => [...new Set([0, 9, 20, 60, 200, size >> 1, size - 1])].filter((at) => at < size);

// More than once: whatever could not be written meanwhile leaves room again.
const FILL = `for _ in 1 2 3; do cat /dev/zero >> ${DATA}/filling 2>/dev/null || true; sleep 0.3; done`;

/** What a device meets that means no good (section 15). */
export async function hostile(scene, step, people) {
  const { machine, logins, employees, api } = scene;
  const { bob, carol } = people;
  const byKey = (...given) => logins.pam({ user: 'carol', key: true, codes: given });
  const othersAreLeftAlone = async () => {
    assert.equal((await logins.pam({ user: 'bob', password: bob.password })).result, 0);
    assert.equal((await logins.pam({ user: 'lena', password: 'pw-of-lena' })).result, 0);
  };
  let full;
  const works = async () => assert.equal((await byKey(await employees.code(carol))).result, 0);

  await step('while the agent is down who is enrolled is refused, and nobody else notices (S8.14)', async () => {
    await scene.agent.stop();
    await machine.sh(`rm -f ${SOCKET}`);
    assert.notEqual((await byKey(await employees.codeOffline(carol))).result, 0);
    await othersAreLeftAlone();
    const refused = await logins.batch(people.dave.key, 'dave');
    assert.equal(refused.stdout.trim(), 'dave', refused.stderr);
  });

  await step('a process of a user that squats on the socket is not believed', async () => {
    const uid = (await machine.sh('id -u dave')).trim();
    await machine.sh('chmod 777 /run/claviger-agent');
    const squatter = machine.start('python3', ['-u', '-c', SQUATTER, uid]);
    await until('the squatter', async () => (await machine.run('test', ['-S', SOCKET])).code === 0);
    const seen = await byKey(await employees.codeOffline(carol));
    squatter.kill();
    await machine.sh(`pkill -u dave python3 || true; rm -f ${SOCKET}; chmod 755 /run/claviger-agent`);
    assert.notEqual(seen.result, 0);
    assert.deepEqual(seen.prompts, []);
    await othersAreLeftAlone();
    await scene.agent.start();
    await works();
  });

  await step('a user of the device can ask the agent for nobody but themselves', async () => {
    const hello = (user) => `claviger login 1\nphase=code\nuser=${user}\nservice=sshd\nrhost=\ntty=\nshown=public_key\n`;
    const ask = (user) => machine.sh(`su dave -s /usr/bin/python3 -- -c "import socket,sys;s=socket.socket(1,5);s.connect('${SOCKET}');s.send(sys.stdin.buffer.read());print(s.recv(4096))"`, { input: hello(user) });
    assert.match(await ask('carol'), /deny/);
    assert.match(await ask('dave'), /skip/);
    assert.match(await ask('../../etc/passwd'), /skip|deny/);
    const garbage = await machine.run('python3', ['-c', `import socket;s=socket.socket(1,5);s.connect('${SOCKET}');s.send(b'\\xff'*4096);print(s.recv(4096))`]);
    assert.equal(garbage.stdout.trim(), "b''");
    await works();
  });

  await step('damage to any file of the agent opens nothing, and heals or is refused', async () => {
    const files = (await machine.sh(`cd ${DATA} && find . -type f -size +0 ! -name lock`)).split('\n').filter(Boolean);
    assert.ok(files.length >= 4, files.join());
    for (const [seed, file] of files.entries()) {
      const used = await employees.code(carol);
      assert.equal((await byKey(used)).result, 0);
      for (const damage of [`python3 -c '${FLIP}' ${DATA}/${file} ${seed} 3`, `truncate -s "$(( $(stat -c %s ${DATA}/${file}) / 2 ))" ${DATA}/${file}`]) {
        await scene.agent.stop();
        await machine.sh(damage);
        await scene.agent.start();
        assert.notEqual((await byKey(used)).result, 0, `${file}: a used code was taken`);
        assert.notEqual((await byKey('')).result, 0, `${file}: nothing was asked`);
      }
      await scene.catchUp();
      await until(`a code being taken after damage to ${file}`, async () => (await byKey(await employees.code(carol))).result === 0, 60);
    }
  });

  await step('a byte that changes under the running agent, any of a sample of each file, opens nothing and makes no used code fresh', async () => {
    const listed = await machine.sh(`cd ${DATA} && find . -maxdepth 1 -type f -size +0 ! -name lock -printf '%f\\t%s\\n'`);
    const isOfOthers = (name) => /^[0-9a-f-]{36}\./.test(name) && !name.startsWith(carol.id);
    const files = listed.trim().split('\n').map((line) => line.split('\t')).filter(([name]) => !isOfOthers(name));
    assert.ok(files.length >= 4, listed);
    const used = await employees.code(carol);
    assert.equal((await byKey(used)).result, 0);
    for (const [file, size] of files) {
      for (const at of sample(Number(size))) {
        await machine.do('python3', ['-c', FLIP_AT, `${DATA}/${file}`, String(at)]);
        const tries = await Promise.all([byKey(used), byKey(carol.badCode()), byKey('')]);
        for (const { result } of tries) assert.notEqual(result, 0, `${file}, byte ${at}`);
        await machine.do('python3', ['-c', FLIP_AT, `${DATA}/${file}`, String(at)]);
      }
      await api.do('POST', `/users/${carol.id}/unlock`);
    }
    await othersAreLeftAlone();
    await scene.catchUp();
    await works();
  });

  await step('on a full disk a code counts as ever, once, in the room that the journal has taken beforehand', async () => {
    await scene.agent.stop();
    const size = Number((await machine.sh(`du -sk ${DATA} | cut -f1`)).trim());
    await machine.sh(`mv ${DATA} ${DATA}.full; mkdir ${DATA}; mount -t tmpfs -o size=${size + 8192}k tmpfs ${DATA}; cp -a ${DATA}.full/. ${DATA}; chown --reference=${DATA}.full ${DATA}; chmod --reference=${DATA}.full ${DATA}`);
    await scene.agent.start();
    await scene.catchUp();
    await works();
    // Without them the server's word suffices, and nothing is written here.
    await until('what codes are checked with', async () => (await machine.sh(`ls ${DATA}`)).split('\n').some((name) => name.startsWith(carol.id) && name.endsWith('.verifiers')), 60);
    full = await employees.code(carol);
    await machine.sh(FILL);
    const seen = [await byKey(full), await byKey(full)];
    assert.ok(seen.filter(({ result }) => result === 0).length <= 1, JSON.stringify(seen));
    await othersAreLeftAlone();
  });

  await step('where nothing can be written at all the device takes no code by itself, and the others are let in', async () => {
    // What it took beforehand is taken from it, the page with its end included, while it stands still: it would write there at once.
    const takeAway = `fallocate --punch-hole --offset 0 --length "$(( ($(stat -c %s ${DATA}/journal) / 4096 + 1) * 4096 ))" ${DATA}/journal`;
    await machine.sh(`agent="$(cat /run/agent.child)"; kill -STOP "$agent"; ${takeAway}; ${FILL}; kill -CONT "$agent"`);
    // Without the server's word it counts on what is kept here.
    await machine.cut();
    const code = await employees.codeOffline(carol);
    for (const seen of [await byKey(code), await byKey(code)]) assert.notEqual(seen.result, 0, JSON.stringify(seen));
    assert.match(await scene.agent.journal(), /carol .*refused: (.*journal: No space left on device .* Enrolled users are refused until this is mended|nothing to check a code by)/);
    await machine.restore();
    await othersAreLeftAlone();
    assert.equal((await logins.pam({ user: 'dave', key: true })).result, 0);
    await machine.sh(`rm ${DATA}/filling`);
    await scene.agent.kill();
    assert.notEqual((await byKey(full)).result, 0);
    await until('a code being taken once there is room', async () => (await byKey(await employees.code(carol))).result === 0, 30);
    await scene.agent.stop();
    await machine.sh(`umount ${DATA}; rmdir ${DATA}; mv ${DATA}.full ${DATA}`);
  });

  await step('after the old cache came back a code that was used in between is still refused', async () => {
    const used = await employees.codeOffline(carol);
    await scene.agent.start();
    await scene.catchUp();
    await byKey(used);
    assert.notEqual((await byKey(used)).result, 0);
    await works();
    // What was damaged in it is fetched anew, and codes are checked here as before.
    await until('codes being checked here', async () => {
      const code = await employees.codeOffline(carol);
      await machine.cut();
      const { result } = await byKey(code);
      await machine.restore();
      // What was cut off goes on only while the network is there.
      await scene.catchUp();
      return result === 0;
    }, 150);
  });

  await step('a server with another identity is not talked to, and codes go on without it', async () => {
    const other = new Authority(machine.share, 'impostor').issue('claviger.test');
    const port = new URL(scene.url).port;
    await machine.sh('cp /etc/hosts /run/hosts; sed -i "s/^.* claviger.test$/127.0.0.1 claviger.test/" /etc/hosts; chmod 644 /etc/hosts');
    const there = (file) => file.replace(machine.share, '/share');
    const impostor = machine.start('python3', ['-u', '-c', IMPOSTOR, port, there(other.chain), there(other.key)]);
    await once(impostor.stdout, 'data');
    await scene.agent.restart();
    const code = await employees.codeOffline(carol);
    assert.equal((await byKey(code)).result, 0);
    await until('a word about the certificate', async () => /certificate/i.test(await scene.agent.journal()));
    await machine.sh('pkill -f "^python3 -u -c .*PROTOCOL_TLS_SERVER" || true; cat /run/hosts > /etc/hosts');
    await scene.agent.restart();
    await scene.catchUp();
    await works();
  });
}
