//! The browsers that pages are rendered with, as the settings say.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Program, StartError, network};
use crate::config::Render;
use crate::crawl::guard::Guard;
use crate::crawl::render::{Limits, Renderer, Settings, program, proxy::Reach};
use crate::crawl::resolver::{Lookup, SystemLookup};
use crate::patrol::rendering::Stage;

impl Program {
    /// Browsers, of which none is started yet; none where the unit switched rendering off.
    ///
    /// # Errors
    /// Pages cannot be rendered behind the proxy that is set.
    pub fn renderer(&self) -> Result<Option<Renderer>, StartError> {
        let network = &self.settings.network;
        if network.render == Render::Off {
            return Ok(None);
        }
        let guard = Guard::new(network::allowed(network));
        let connect = Duration::from_secs(network.connect_timeout_s);
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        let reach = Reach::new(guard, lookup, network.proxy.as_ref(), &network::routes(network), connect)
            .map_err(|error| StartError::State(error.to_string()))?;
        let contact = network.user_agent_contact.as_ref().map(|contact| format!(" (+{contact})"));
        Ok(Some(Renderer::new(Settings {
            program: browser(),
            sandbox: network.render_sandbox,
            folder: std::env::temp_dir(),
            reach: Arc::new(reach),
            agent: format!("jianzheng/{}{}", env!("CARGO_PKG_VERSION"), contact.unwrap_or_default()),
            limits: Limits::default(),
        })))
    }

    /// What a round renders with. What stands in the way is said, and the round goes on without.
    pub(super) fn stage(&self) -> (Option<Stage>, Option<String>) {
        match self.renderer() {
            Ok(renderer) => {
                let always = self.settings.network.render == Render::Always;
                (renderer.map(|renderer| Stage::new(renderer, always)), None)
            }
            Err(error) => (None, Some(error.to_string())),
        }
    }
}

/// The browser on this machine's PATH.
fn browser() -> Option<PathBuf> {
    program::find(&std::env::var_os("PATH").unwrap_or_default())
}
