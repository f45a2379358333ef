//! Every setting: the one table.

use std::ffi::OsString;

use planaria_fleet::Fleet;

use super::Show;
use crate::output::log_filter;
use crate::terminal::Color;

/// Variables that people have set who use a provider, the ones that a fleet names by itself.
pub const KEYS: &[&str] = &["ANTHROPIC_API_KEY", "OPENAI_API_KEY"];

/// What a value is looked for in.
pub struct Places<'a> {
    /// This command's flags.
    pub show: &'a Show,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `--color`.
    pub color: Color,
    /// A variable, if it is set to something.
    pub env: &'a dyn Fn(&str) -> Option<OsString>,
    /// The fleet's file, if one was named.
    pub fleet: Option<&'a Fleet>,
}

impl Places<'_> {
    /// A variable as text.
    pub fn var(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| value.to_string_lossy().into_owned())
    }
}

/// One setting.
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// The flag that sets it.
    pub flag: Option<&'static str>,
    /// The variable that sets it.
    pub env: Option<&'static str>,
    /// The key of fleet.yaml that sets it.
    pub key: Option<&'static str>,
    /// What it is for.
    pub about: &'static str,
    /// The flag's value.
    pub from_flag: fn(&Places<'_>) -> Option<String>,
    /// The file's value.
    pub from_fleet: fn(&Fleet) -> Option<String>,
    /// What it is where nobody says anything.
    pub default: &'static str,
}

/// What the names of endpoints end with. With a fleet each of its providers has its own.
pub const BASE_URL: &str = ".base-url";

/// Every setting, in the order in which they are shown. Reference pages are made from this.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "data-dir",
        flag: Some("--data-dir"),
        env: Some("PLANARIA_DATA_DIR"),
        key: None,
        about: "Directory of the journal, the workspaces and the hands' state.",
        from_flag: |places| places.show.data_dir.as_ref().map(|dir| dir.display().to_string()),
        from_fleet: |_| None,
        default: ".planaria",
    },
    Setting {
        name: "provider",
        flag: Some("--provider"),
        env: None,
        key: Some("provider"),
        about: "Which provider answers, by its name in the fleet's file.",
        from_flag: |places| places.show.provider.clone(),
        from_fleet: |fleet| fleet.provider.clone(),
        default: "scripted",
    },
    Setting {
        name: "anthropic.base-url",
        flag: None,
        env: Some("PLANARIA_ANTHROPIC_BASE_URL"),
        key: Some("providers.<name>.base_url"),
        about: "Endpoint of the Messages API; the variable counts for every provider of that kind.",
        from_flag: |_| None,
        from_fleet: |_| None,
        default: "https://api.anthropic.com",
    },
    Setting {
        name: "openai.base-url",
        flag: None,
        env: Some("PLANARIA_OPENAI_BASE_URL"),
        key: Some("providers.<name>.base_url"),
        about: "Endpoint of chat completions; an address that the file names counts before the variable.",
        from_flag: |_| None,
        from_fleet: |_| None,
        default: "https://api.openai.com/v1",
    },
    Setting {
        name: "log",
        flag: Some("-v"),
        env: Some("PLANARIA_LOG"),
        key: None,
        about: "What is logged to stderr: a level, or filters such as planaria_runtime=debug.",
        from_flag: |places| (places.verbose > 0).then(|| log_filter(places.verbose).0),
        from_fleet: |_| None,
        default: "off",
    },
    Setting {
        name: "color",
        flag: Some("--color"),
        env: None,
        key: None,
        about: "When to use colour. With auto, NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM count.",
        from_flag: |places| (places.color != Color::Auto).then(|| places.color.word().to_owned()),
        from_fleet: |_| None,
        default: "auto",
    },
    Setting {
        name: "progress",
        flag: Some("--no-progress"),
        env: None,
        key: None,
        about: "Live lines of `up`; on a terminal only, whatever is set.",
        from_flag: |places| places.show.no_progress.then(|| "off".to_owned()),
        from_fleet: |_| None,
        default: "on",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_name_of_its_own_something_that_sets_it_and_a_sentence() {
        let mut names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for Setting { name, flag, env, key, about, .. } in SETTINGS {
            assert!(flag.is_some() || env.is_some() || key.is_some(), "{name}");
            assert!(about.ends_with('.'), "{name}");
            assert!(env.is_none_or(|env| env.starts_with("PLANARIA_")), "{name}");
        }
    }
}
