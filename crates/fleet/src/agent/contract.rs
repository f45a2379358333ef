//! The keys of an agent's file: those of the create call (contract §3.1), and `type`.

use crate::shape::{Key, Shape, may, must};

/// An agent's file as a whole.
pub(crate) const AGENT: Shape = Shape::Keys(&[
    may("type", Shape::Any),
    must("name", Shape::Text),
    may("description", Shape::Text),
    must("model", Shape::Either(&Shape::Text, &Shape::Keys(MODEL))),
    may("system", Shape::Text),
    may("tools", Shape::List(&TOOL)),
    may("mcp_servers", Shape::List(&Shape::Any)),
    may("skills", Shape::List(&Shape::Any)),
    may("multiagent", Shape::Any),
    may("metadata", Shape::Names(&Shape::Text)),
]);

const MODEL: &[Key] = &[
    must("id", Shape::Text),
    may("effort", Shape::Either(&EFFORT, &Shape::Keys(&[may("type", EFFORT)]))),
    may("speed", Shape::Text),
    may("inference_geo", Shape::Text),
];

const EFFORT: Shape =
    Shape::Word { what: "effort", words: &["low", "medium", "high", "xhigh", "max"] };

const TOOL: Shape = Shape::Kinds(&[
    (
        "agent_toolset_20260401",
        &[
            must("type", Shape::Any),
            may("default_config", Shape::Keys(DEFAULTS)),
            may("configs", Shape::List(&Shape::Keys(CONFIG))),
        ],
    ),
    (
        "custom",
        &[
            must("type", Shape::Any),
            must("name", Shape::Text),
            must("description", Shape::Text),
            must("input_schema", Shape::Any),
        ],
    ),
]);

const DEFAULTS: &[Key] = &[may("enabled", Shape::Flag), may("permission_policy", POLICY)];

const CONFIG: &[Key] = &[
    must("name", NAME),
    may("type", Shape::Text),
    may("enabled", Shape::Flag),
    may("permission_policy", POLICY),
];

/// The tools of the built-in set, also those that are not built yet: they may be switched off.
const NAME: Shape = Shape::Word {
    what: "tool",
    words: &["bash", "edit", "read", "write", "glob", "grep", "web_fetch", "web_search"],
};

const POLICY: Shape = Shape::Kinds(&[
    ("always_allow", &[must("type", Shape::Any)]),
    ("always_ask", &[must("type", Shape::Any)]),
    ("auto", &[must("type", Shape::Any)]),
]);
