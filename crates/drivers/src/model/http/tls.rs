//! The HTTP client, with its TLS named and not left to a process-wide default.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use super::error::SetupError;
use super::limits::IDLE_CONNECTIONS_MAX;
use super::status::chain;
use super::target::Target;

const USER_AGENT: &str = concat!("planaria/", env!("CARGO_PKG_VERSION"));

pub(super) fn client(target: &Target, connect_wait: Duration) -> Result<Client, SetupError> {
    let problem = |error: &dyn std::error::Error| SetupError::Tls { problem: chain(error) };
    // Plain HTTP on this machine needs no certificates, and a container may have none.
    let certificates = !target.on_this_machine || target.url.scheme() == "https";
    let tls = config(certificates).map_err(|error| problem(&error))?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(USER_AGENT)
        .connect_timeout(connect_wait)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never());
    if target.on_this_machine {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| problem(&error))
}

fn config(certificates: bool) -> Result<ClientConfig, rustls::Error> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions()?;
    let verifier = if certificates {
        versions.with_platform_verifier()?
    } else {
        versions.with_root_certificates(RootCertStore::empty())
    };
    Ok(verifier.with_no_client_auth())
}
