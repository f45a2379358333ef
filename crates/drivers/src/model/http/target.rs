//! Where requests go, checked before the first one.

use std::net::IpAddr;

use reqwest::Url;

use super::error::SetupError;
use super::key::bounded;
use super::limits::QUOTE_CHARS_MAX;

/// What a dialect adds to a base URL.
pub(in crate::model) struct Route {
    /// What is put behind the base.
    pub path: &'static str,
    /// How a base that has been extended already ends, and what to do about it.
    pub not_ending: (&'static str, &'static str),
    /// A base URL as it should look.
    pub example: &'static str,
}

/// A checked base URL.
#[derive(Debug, Clone)]
pub(in crate::model) struct Target {
    /// The base as messages name it.
    pub base: String,
    /// Where requests go.
    pub url: Url,
    /// Whether the endpoint is on this machine: then no proxy stands between, and no certificates
    /// are needed.
    pub on_this_machine: bool,
}

impl Target {
    /// # Errors
    /// When nothing can or should be sent to such a URL.
    pub fn new(base_url: &str, route: &Route, allow_http: bool) -> Result<Self, SetupError> {
        let given = base_url.trim_end_matches('/');
        let wrong =
            |problem: &str| SetupError::BaseUrl { url: shown(given), problem: problem.to_owned() };
        let base = Url::parse(given).map_err(|error| {
            wrong(&format!("is not a URL ({error}); it looks like {}", route.example))
        })?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("has credentials in it; leave them out, the key goes in a header"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("has a query or a fragment; end it with the path"));
        }
        let on_this_machine = base.host_str().is_some_and(is_loopback);
        match base.scheme() {
            "https" => {}
            "http" if on_this_machine || allow_http => {}
            "http" => {
                return Err(wrong(
                    "would send the conversation and the key unencrypted to another machine; use \
                     https, or allow http",
                ));
            }
            _ => return Err(wrong("has a scheme that is neither https nor http")),
        }
        let (ending, advice) = route.not_ending;
        if base.path().ends_with(ending) {
            return Err(wrong(advice));
        }
        let url = Url::parse(&format!("{given}{}", route.path))
            .map_err(|error| wrong(&format!("cannot be extended ({error})")))?;
        Ok(Self { base: shown(given), url, on_this_machine })
    }

    /// Whether the endpoint is this host or one below it.
    pub fn is_at(&self, host: &str) -> bool {
        let ours = self.url.host_str().unwrap_or_default();
        ours == host || ours.strip_suffix(host).is_some_and(|rest| rest.ends_with('.'))
    }
}

/// A URL for a message: bounded, and without what stands in front of an `@`.
pub(in crate::model) fn shown(url: &str) -> String {
    let visible = match url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    };
    format!("`{}`", bounded(&visible, QUOTE_CHARS_MAX))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_at_its_own_name_and_those_above_it() {
        let route = Route { path: "/x", not_ending: ("/x", ""), example: "" };
        let target = |url: &str| Target::new(url, &route, false).unwrap();
        for url in ["https://api.openai.com/v1", "https://eu.api.openai.com/v1"] {
            assert!(target(url).is_at("api.openai.com"), "{url}");
        }
        for url in ["https://notapi.openai.com", "https://api.openai.com.example"] {
            assert!(!target(url).is_at("api.openai.com"), "{url}");
        }
    }
}
