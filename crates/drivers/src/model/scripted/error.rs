//! What is wrong with a script, and where.

/// A script that cannot be played. Its text names the script, line and column, shows the line, and
/// says what to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The script's name, usually its path.
    pub script: String,
    /// The line, from 1; 0 where the problem is the script as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 where the problem is the script as a whole.
    pub column: usize,
    /// The line itself.
    pub text: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl ScriptError {
    pub(super) fn at(
        script: &str,
        yaml: &str,
        location: Option<serde_saphyr::Location>,
        message: impl Into<String>,
    ) -> Self {
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (line, column) = location.map_or((0, 0), |l| (number(l.line()), number(l.column())));
        let text = line.checked_sub(1).and_then(|index| yaml.lines().nth(index));
        Self {
            script: script.to_owned(),
            line,
            column,
            text: text.unwrap_or_default().to_owned(),
            message: message.into(),
        }
    }
}

impl std::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { script, line, column, text, message } = self;
        if *line == 0 {
            return write!(f, "{script}: {message}");
        }
        write!(f, "{script}:{line}:{column}: {message}")?;
        if !text.trim().is_empty() {
            write!(f, "\n    {text}\n    {:>column$}", '^')?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptError {}
