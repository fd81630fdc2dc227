//! A service: started and stopped by Windows.

use std::{
    ffi::{OsStr, OsString},
    io,
    sync::{Mutex, OnceLock, PoisonError, mpsc},
    thread,
    time::Duration,
};
use windows_service::{
    define_windows_service,
    service::{
        ServiceAccess, ServiceAction, ServiceActionType, ServiceControl, ServiceControlAccept,
        ServiceExitCode, ServiceFailureActions, ServiceFailureResetPeriod, ServiceState, ServiceStatus,
        ServiceType,
    },
    service_control_handler::{self, ServiceControlHandlerResult},
    service_dispatcher,
    service_manager::{ServiceManager, ServiceManagerAccess},
};

/// What the service does until it is told to stop; an error ends it.
pub type Work = Box<dyn FnOnce() -> Result<(), String> + Send>;

static NAME: OnceLock<String> = OnceLock::new();
static WORK: Mutex<Option<Work>> = Mutex::new(None);
/// How long Windows waits for a change before it thinks that the service hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether a service has come to stand as wanted.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: u32 = 150;

define_windows_service!(entry, run);

/// Hands this process to Windows as the service of that name. Returns when it was stopped.
pub fn serve(name: &str, work: Work) -> io::Result<()> {
    let _ = NAME.set(name.to_owned());
    *WORK.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
    service_dispatcher::start(name, entry).map_err(io::Error::other)
}

fn run(_: Vec<OsString>) {
    let (Some(name), Some(work)) = (NAME.get(), WORK.lock().unwrap_or_else(PoisonError::into_inner).take())
    else {
        return;
    };
    let (end, ended) = mpsc::channel::<Result<(), String>>();
    let stop = end.clone();
    let handler = service_control_handler::register(name, move |control| match control {
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        ServiceControl::Stop | ServiceControl::Shutdown => {
            // Nobody hears it if it ends already.
            let _ = stop.send(Ok(()));
            ServiceControlHandlerResult::NoError
        }
        _ => ServiceControlHandlerResult::NotImplemented,
    });
    let Ok(handler) = handler else { return };
    let stand = |state, accepted, code| {
        // Windows has no other way to hear of it.
        let _ = handler.set_service_status(ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state: state,
            controls_accepted: accepted,
            exit_code: code,
            checkpoint: 0,
            wait_hint: PATIENCE,
            process_id: None,
        });
    };
    let accepted = ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN;
    stand(ServiceState::Running, accepted, ServiceExitCode::NO_ERROR);
    thread::spawn(move || {
        let _ = end.send(work());
    });
    let code = match ended.recv() {
        Ok(Ok(())) => ServiceExitCode::NO_ERROR,
        Ok(Err(_)) | Err(_) => ServiceExitCode::ServiceSpecific(1),
    };
    stand(ServiceState::Stopped, ServiceControlAccept::empty(), code);
}

/// Has Windows start it again a second after it ended without being told to.
pub fn restart_when_it_fails(name: &str) -> io::Result<()> {
    let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::START;
    let service = manager()?.open_service(name, access).map_err(io::Error::other)?;
    let again = ServiceAction { action_type: ServiceActionType::Restart, delay: Duration::from_secs(1) };
    let actions = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(Duration::from_secs(3_600)),
        reboot_msg: None,
        command: None,
        actions: Some(vec![again; 3]),
    };
    service.update_failure_actions(actions).map_err(io::Error::other)?;
    service.set_failure_actions_on_non_crash_failures(true).map_err(io::Error::other)
}

/// How a service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is none of that name.
    Missing,
    /// It runs, or is about to.
    Running,
    /// It doesn't.
    Stopped,
}

/// How it stands.
pub fn standing(name: &str) -> io::Result<Standing> {
    let manager = manager()?;
    let Ok(service) = manager.open_service(name, ServiceAccess::QUERY_STATUS) else {
        return Ok(Standing::Missing);
    };
    Ok(match service.query_status().map_err(io::Error::other)?.current_state {
        ServiceState::Running | ServiceState::StartPending | ServiceState::ContinuePending => {
            Standing::Running
        }
        _ => Standing::Stopped,
    })
}

/// Starts it, and waits until it runs.
pub fn start(name: &str) -> io::Result<()> {
    if standing(name)? != Standing::Running {
        let access = ServiceAccess::START | ServiceAccess::QUERY_STATUS;
        let service = manager()?.open_service(name, access).map_err(io::Error::other)?;
        service.start::<&OsStr>(&[]).map_err(io::Error::other)?;
    }
    becomes(name, Standing::Running)
}

/// Stops it, and waits until it has.
pub fn stop(name: &str) -> io::Result<()> {
    if standing(name)? == Standing::Running {
        let service = manager()?.open_service(name, ServiceAccess::STOP).map_err(io::Error::other)?;
        service.stop().map_err(io::Error::other)?;
        return becomes(name, Standing::Stopped);
    }
    Ok(())
}

fn becomes(name: &str, wanted: Standing) -> io::Result<()> {
    for _ in 0..LOOKS {
        if standing(name)? == wanted {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    Err(io::ErrorKind::TimedOut.into())
}

fn manager() -> io::Result<ServiceManager> {
    ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT).map_err(io::Error::other)
}
