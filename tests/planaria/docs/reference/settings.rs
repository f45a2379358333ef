//! settings.md, from `planaria config show`.

use serde_json::Value;

use super::{hold, table};
use crate::support::{planaria, success};

#[test]
fn the_page_of_settings_holds_what_config_show_knows() {
    let output = planaria()
        .args(["config", "show", "--sources", "--output", "json"])
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    let document: Value = serde_json::from_str(&success(&output)).unwrap();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let rows = document["settings"].as_array().expect("settings").iter().map(|setting| {
        let by = setting["set_by"].as_array().expect("what sets it").iter();
        let by: Vec<String> = by.map(|by| format!("`{}`", text(by))).collect();
        vec![
            format!("`{}`", text(&setting["name"])),
            text(&setting["about"]),
            by.join(", "),
            format!("`{}`", text(&setting["value"])),
        ]
    });
    let table = table(&["setting", "what it is for", "set by", "default"], rows);
    let body = format!(
        "# Settings\n\nWhat a flag, an environment variable or a fleet's file can change. Flags win \
         over variables, variables over the file, the file over the default. The endpoint of an `openai` \
         provider is the exception: an address that the file names is somebody else's, and counts before \
         the variable. `planaria config show --sources` says for each which of them counts here and now; \
         with `--fleet` every provider has its own endpoint there.\n\n{table}\n\
         What a fleet's file can say beyond these is in [fleet files](fleet-file.md).\n"
    );
    hold("settings.md", "`planaria config show --sources --output json`", &body);
}
