//! The event log of Windows, under Applications, source `Claviger`.

use crate::text::Wide;
use std::io;
use windows::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE, RegisterEventSourceW,
    ReportEventW,
};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It happens every day.
    Note,
    /// Somebody should look at it.
    Warning,
}

/// Writes a line.
pub fn write(level: Level, line: &str) -> io::Result<()> {
    let (source, line) = (Wide::new("Claviger")?, Wide::new(&line.replace('\0', " "))?);
    let kind = match level {
        Level::Note => EVENTLOG_INFORMATION_TYPE,
        Level::Warning => EVENTLOG_WARNING_TYPE,
    };
    // SAFETY: the texts outlive the calls; the source is given back.
    unsafe {
        let log = RegisterEventSourceW(None, source.as_ptr())?;
        let written = ReportEventW(log, kind, 0, 1, None, 0, Some(&[line.as_ptr()]), None);
        let _ = DeregisterEventSource(log);
        Ok(written?)
    }
}
