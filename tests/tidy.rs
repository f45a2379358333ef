//! The house rules, checked: who may depend on whom, how long things are, what is not written.
//!
//! Every rule is data and a pure function from what it looks at to findings; a finding says where,
//! what and how to mend it. Only the standard library is used, so that the rules depend on nothing
//! that they judge.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/finding.rs"]
mod finding;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/packages.rs"]
mod packages;
#[path = "tidy/pages.rs"]
mod pages;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/words.rs"]
mod words;

use finding::hold;

#[test]
fn dependencies_point_only_where_the_architecture_lets_them() {
    hold(arrows::ours(&tree::packages()));
}

#[test]
fn what_is_heavy_or_dangerous_has_one_owner() {
    hold(arrows::owned(&tree::packages()));
}

#[test]
fn versions_that_formats_hang_on_are_exact() {
    hold(arrows::pinned(&tree::workspace()));
}

#[test]
fn every_package_says_what_it_is_and_takes_the_rest_from_the_workspace() {
    hold(packages::described(&tree::packages()));
}

#[test]
fn the_lock_file_is_part_of_the_repository() {
    hold(packages::locked(&tree::root()));
}

#[test]
fn there_are_few_test_binaries_at_the_top() {
    hold(packages::test_binaries(&tree::packages()));
}

#[test]
fn every_test_at_the_top_is_run() {
    hold(packages::registered(&tree::packages(), &tree::sources()));
}

#[test]
fn every_library_begins_with_its_documentation() {
    hold(documents::libraries(&tree::sources()));
}

#[test]
fn files_are_short() {
    let sources = tree::sources();
    println!("{}", sizes::report(&sources));
    hold(sources.iter().flat_map(sizes::file));
}

#[test]
fn functions_are_short() {
    hold(tree::sources().iter().flat_map(sizes::functions));
}

#[test]
fn lines_are_short() {
    hold(tree::sources().iter().flat_map(sizes::lines));
}

#[test]
fn files_are_named_after_a_concept() {
    hold(tree::sources().iter().flat_map(words::file_name));
}

#[test]
fn words_stay_in_the_places_that_may_say_them() {
    hold(tree::sources().iter().flat_map(words::misplaced));
}

#[test]
fn nothing_is_left_for_later() {
    hold(tree::sources().iter().flat_map(words::undone));
}

#[test]
fn every_select_is_biased() {
    hold(tree::sources().iter().flat_map(words::unbiased));
}

#[test]
fn nothing_speaks_of_the_workshop() {
    hold(tree::texts().iter().flat_map(|(path, text)| words::workshop(path, text)));
}

#[test]
fn decisions_are_numbered_and_argued() {
    hold(documents::decisions(&tree::texts()));
}

#[test]
fn the_changelog_has_a_place_for_what_comes() {
    hold(documents::changelogs(&tree::texts()));
}

#[test]
fn links_in_documents_lead_somewhere() {
    hold(documents::links(&tree::root(), &tree::texts()));
}

#[test]
fn blocks_of_pages_have_a_language_that_the_tests_know() {
    hold(tree::pages().iter().flat_map(|(path, text)| pages::blocks(path, text)));
}

#[test]
fn lines_of_pages_are_short() {
    hold(tree::pages().iter().flat_map(|(path, text)| pages::lines(path, text)));
}

#[test]
fn pages_sell_nothing() {
    hold(tree::pages().iter().flat_map(|(path, text)| pages::marketing(path, text)));
}

#[test]
fn the_index_leads_to_every_page() {
    hold(pages::index(&tree::texts()));
}

#[test]
fn the_readme_holds_the_commands_that_ci_runs() {
    hold(documents::commands(&tree::texts()));
}
