//! Devices as administrators see and change them (S8.1–S8.9, S8.12).

mod bind;
mod break_glass;
mod bulk;
mod change;
mod connect_keys;
mod groups;
mod list;
mod posix;
mod preview;
mod remembered;

pub use break_glass::MadeCode;
pub(crate) use bulk::Checked;
pub use bulk::{Kind, Verb};
pub use change::{DeviceChange, MfaOn};
pub use connect_keys::{ConnectKeys, NewConnectKey};
pub use groups::GroupDevices;
pub use list::{DevicePage, DeviceUsers, ListedDevice};
pub use preview::{DevicePreview, PersonPreview, Preview};
pub use remembered::RememberedLogins;

use crate::draft::Target;
use claviger_domain::device::Device;
use claviger_store::table::device_group::DeviceGroup;

impl From<&Device> for Target {
    fn from(device: &Device) -> Self {
        Self { id: device.id.to_string(), name: device.name.clone() }
    }
}

impl From<&DeviceGroup> for Target {
    fn from(group: &DeviceGroup) -> Self {
        Self { id: group.id.to_string(), name: group.name.as_str().to_owned() }
    }
}
