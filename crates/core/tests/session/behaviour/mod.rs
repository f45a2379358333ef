//! One sentence per test: given a session, when something happens, expect these records and
//! effects.

mod action;
mod answers;
mod blocks;
mod calls;
mod claim;
mod class;
mod compaction;
mod context;
mod hand;
mod host;
mod interrupt;
mod limits;
mod order;
mod park;
mod permission;
mod queue;
mod retry;
mod status;
mod usage;

use planaria_core::model::Block;

use crate::world::{World, message, says};

/// The model is being asked about `hello`.
fn streaming() -> World {
    let mut world = World::new();
    world.send([message("hello")]).unwrap();
    world
}

/// The model has answered `hello` with these blocks.
fn answered(blocks: impl IntoIterator<Item = Block>) -> World {
    let mut world = streaming();
    world.answer(says(blocks)).unwrap();
    world
}
