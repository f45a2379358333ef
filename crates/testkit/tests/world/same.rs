//! A seed is a history.

use std::collections::BTreeSet;

use planaria_testkit::world::{Options, World};

const SEEDS: std::ops::Range<u64> = 0..30;

#[test]
fn the_same_seed_gives_the_same_history_and_another_does_not() {
    let mut hashes = BTreeSet::new();
    for seed in SEEDS {
        let (one, two) = (World::new(seed).run().trace, World::new(seed).run().trace);
        for (one, two) in one.lines().iter().zip(two.lines()) {
            assert_eq!(*one, two, "seed {seed}");
        }
        assert_eq!(one.hash(), two.hash(), "seed {seed}: one history goes on after the other");
        hashes.insert(one.hash());
    }
    assert_eq!(hashes.len(), SEEDS.count());
}

#[test]
fn another_plan_of_faults_leaves_the_work_and_the_model_alone() {
    for seed in SEEDS {
        let options = Options::new(seed);
        let calm = options.without_faults();
        assert_eq!((&options.scripts, options.model), (&calm.scripts, calm.model));
        assert!(calm.plan.faults.is_empty());
    }
}
