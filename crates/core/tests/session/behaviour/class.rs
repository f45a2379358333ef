//! Effect classes: what may be done about a call whose outcome nobody knows.

use planaria_core::port::sandbox::Ended;
use planaria_core::session::{Effect, effects};
use planaria_core::tool::{BUILTINS, EffectClass, Outcome, builtin};
use serde_json::json;

use crate::world::*;

const TABLE: [(&str, EffectClass, bool); 6] = [
    ("bash", EffectClass::AtMostOnce, false),
    ("edit", EffectClass::AtMostOnce, false),
    ("read", EffectClass::Read, true),
    ("glob", EffectClass::Read, true),
    ("grep", EffectClass::Read, true),
    ("write", EffectClass::Idempotent, true),
];

#[test]
fn every_built_in_tool_has_its_class_and_may_run_again_accordingly() {
    assert_eq!(BUILTINS.len(), TABLE.len());
    for (name, class, rerun) in TABLE {
        let tool = builtin(name).unwrap();
        assert_eq!((tool.class, tool.class.may_rerun()), (class, rerun), "{name}");
    }
}

#[test]
fn an_effect_carries_the_class_of_its_tool() {
    let mut world = World::with(agent_with(json!([{ "type": "agent_toolset_20260401" }])));
    world.send([message("hello")]).unwrap();
    world.answer(says(TABLE.map(|(name, ..)| call(name)))).unwrap();
    let wanted = effects(&world.state);
    assert_eq!(wanted.len(), TABLE.len());
    for (effect, (expected, its_class, _)) in wanted.iter().zip(TABLE) {
        let Effect::Tool { name, class, .. } = effect else { panic!("{effect:?}") };
        assert_eq!((name.as_str(), *class), (expected, its_class));
    }
}

/// How a call fares whose hand died while it ran: (starts, whether its end is lost).
fn after_the_death_of_its_hand(class: EffectClass) -> (u32, bool) {
    let id = planaria_core::EventId(1);
    let mut hands = Hands::default();
    hands.alive = Some(1);
    hands.ensure(id, class.may_rerun());
    hands.ensure(id, class.may_rerun());
    hands.kill();
    hands.alive = Some(2);
    hands.ensure(id, class.may_rerun());
    hands.finish(id, Outcome::text("done"));
    (hands.starts[&id], hands.end(id) == Some(Ended::Lost))
}

#[test]
fn only_a_call_that_may_run_again_does() {
    assert_eq!(after_the_death_of_its_hand(EffectClass::Read), (2, false));
    assert_eq!(after_the_death_of_its_hand(EffectClass::Idempotent), (2, false));
    assert_eq!(after_the_death_of_its_hand(EffectClass::AtMostOnce), (1, true));
}
