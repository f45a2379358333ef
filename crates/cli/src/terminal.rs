//! What the terminal can show: colour, width, characters beyond ASCII.

use std::ffi::OsString;

use anstream::ColorChoice;

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// Where there is a terminal that can, unless NO_COLOR is set; CLICOLOR_FORCE asks for it
    /// everywhere.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// From now on, for everything that this process prints.
    pub fn apply(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

impl From<Color> for clap::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The colour that these arguments ask for. Needed before they are understood: help and complaints
/// about them are coloured too.
pub fn color_of(args: &[OsString]) -> Color {
    let mut words = args.iter().map(|arg| arg.to_string_lossy());
    let mut found = Color::Auto;
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next().map(|value| value.into_owned()),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None if word == "--" => break,
            None => None,
        };
        found = match value.as_deref() {
            Some("always") => Color::Always,
            Some("never") => Color::Never,
            Some("auto") => Color::Auto,
            _ => found,
        };
    }
    found
}

/// Whether data may be more than ASCII: the locale says UTF-8 and the terminal is not a dumb one.
pub fn unicode() -> bool {
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    unicode_of(var)
}

fn unicode_of(var: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(&var).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    utf8 && var("TERM").as_deref() != Some("dumb")
}

/// Columns of the terminal that data goes to; `None` where it goes elsewhere.
pub fn columns() -> Option<usize> {
    size().map(|(columns, _)| columns)
}

/// Columns and rows of that terminal.
pub fn size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some((usize::from(width.0), usize::from(height.0)))
}

/// Text of others on one line of ours: what could steer the terminal or break the line becomes a
/// blank.
pub fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_color_on_the_command_line_counts_wherever_it_stands() {
        let of =
            |line: &str| color_of(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("planaria tree"), Color::Auto);
        assert_eq!(of("planaria --color never tree"), Color::Never);
        assert_eq!(of("planaria tree --color=never --color=always"), Color::Always);
        assert_eq!(of("planaria send x -- --color=never"), Color::Auto);
        assert_eq!(of("planaria --color"), Color::Auto);
    }

    #[test]
    fn more_than_ascii_needs_a_locale_that_says_so_and_a_terminal_that_is_not_dumb() {
        let of = |vars: &[(&str, &str)]| {
            unicode_of(|name| {
                vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(of(&[("LANG", "de_DE.UTF-8")]));
        assert!(of(&[("LC_ALL", "C.utf8"), ("LANG", "C")]));
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!of(&[]));
        assert!(!of(&[("LANG", "C.UTF-8"), ("TERM", "dumb")]));
    }

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(tame("a\x1b[2Jb\nc\u{9b}d"), "a [2Jb c d");
    }
}
