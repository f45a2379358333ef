//! The supervisor's own figures, on this page too.

use super::setting::Setting;
use super::{Figure, Group};

#[path = "../../../supervisor/benches/figures/mod.rs"]
pub mod figures;

pub const GROUP: Group = Group { name: "supervision", about: ABOUT, slow: false, measure };

const ABOUT: &str = "\
Bare supervised actors beside bare tokio tasks that are aborted, joined and spawned anew. A restart is
over when the new incarnation has answered a message; a storm, when all have; a stop, when all are gone.
Where the one who asks is itself a task, the floor is half a microsecond, and what an actor of ractor
costs beside a task is most of the ratio; the goal is the same, and the page says that it is missed.";

fn measure(setting: &Setting) -> Vec<Figure> {
    let mut figures = figures::restart::restart();
    if !setting.quick {
        figures.extend(figures::storm::storm());
        figures.extend(figures::stop::stop());
        figures.extend(figures::family::family());
    }
    figures
}
