//! Hands are bound one after the other.

use expect_test::expect;

use super::answered;
use crate::world::*;

#[test]
fn the_first_hand_is_of_generation_one_and_the_next_of_two() {
    check(
        World::new(),
        |w| w.bind_hand(1),
        expect![[r#"
        . hand.bound generation 1
        effects: none
    "#]],
    );
    let mut given = World::new();
    given.bind_hand(1).unwrap();
    check(
        given,
        |w| w.bind_hand(2),
        expect![[r#"
        . hand.bound generation 2
        effects: none
    "#]],
    );
}

#[test]
fn binding_the_same_hand_again_records_nothing() {
    let mut given = World::new();
    given.bind_hand(1).unwrap();
    check(
        given,
        |w| w.bind_hand(1),
        expect![[r#"
        effects: none
    "#]],
    );
}

#[test]
fn a_hand_that_is_not_the_next_one_is_refused() {
    check(
        World::new(),
        |w| w.bind_hand(2),
        expect![[r#"
        invalid_request_error: hand 2 is stale: the next is 1
        effects: none
    "#]],
    );
    let mut given = World::new();
    given.bind_hand(1).unwrap();
    given.bind_hand(2).unwrap();
    check(
        given,
        |w| w.bind_hand(1),
        expect![[r#"
        invalid_request_error: hand 1 is stale: the next is 3
        effects: none
    "#]],
    );
}

#[test]
fn binding_a_hand_leaves_what_is_in_flight_alone() {
    check(
        answered([call("bash")]),
        |w| w.bind_hand(1),
        expect![[r#"
        . hand.bound generation 1
        effects: bash call1
    "#]],
    );
}
