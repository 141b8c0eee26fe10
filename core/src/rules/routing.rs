//! Which hosts are shared market places, so that a case follows the seller there and never the host.

use super::problem::Problem;
use super::sheet::{Sheet, WRONG_VALUE};

/// Facts about hosts that routes and targets depend on.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    platforms: Vec<(String, String)>,
}

impl Routing {
    /// The name of the platform that this host belongs to, if it does.
    pub fn platform(&self, host: &str) -> Option<&str> {
        self.platforms
            .iter()
            .find(|(h, _)| host == h || host.strip_suffix(h.as_str()).is_some_and(|rest| rest.ends_with('.')))
            .map(|(_, name)| name.as_str())
    }

    pub(super) fn read(file: &str, text: &str) -> Result<Routing, Vec<Problem>> {
        Sheet::read(file, text, |top| {
            let mut platforms = Vec::new();
            for part in top.parts("platform") {
                let name = part.need_text("name", "写上平台的名字");
                let hosts = part.texts("hosts");
                if hosts.is_empty() {
                    part.missing("hosts", "写上平台的域名");
                }
                for host in &hosts {
                    if crate::host::host_of(&host.value).ok().as_deref()
                        != Some(host.value.to_ascii_lowercase().as_str())
                    {
                        part.report(WRONG_VALUE, host.at, format!("“{}”不是域名", host.value), "写成 goofish.com 这样");
                    }
                }
                part.finish();
                if let Some(name) = name {
                    platforms.extend(hosts.into_iter().map(|h| (h.value.to_ascii_lowercase(), name.value.clone())));
                }
            }
            Some(Routing { platforms })
        })
    }
}
