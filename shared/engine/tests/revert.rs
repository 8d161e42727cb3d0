//! From a doorbell to a change taken back, and every way in which it is not.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod world;

use engine::{Effect, Key, Outcome};
use jiff::SignedDuration;
use model::{Manual, Phase, Resolution, State, Wait};
use serde_json::json;
use sim::Trouble;
use world::{GROUP, WORLD_RULE, World, envelope, ipv4_world, line, record};

const GOOD_DAY: [&str; 7] =
    ["OPEN", "QUEUED revert", "REVERTING claimed", "REVERTING armed", "VERIFYING", "VERIFYING", "REVERTED"];

fn queued() -> World {
    let world = World::allowing("revert");
    world.evaluate(&ipv4_world()).unwrap();
    world
}

#[test]
fn the_violating_line_goes_its_neighbour_stays_and_it_is_read_twice_before_it_is_believed() {
    let world = queued();
    world.settle();
    assert_eq!(world.history(), GOOD_DAY);
    assert_eq!(world.lines(), ["sgr-0fff"]);
    let record = world.only();
    assert_eq!(record.evidence.removed, [WORLD_RULE]);
    assert_eq!(world.account.calls().len(), 1);
    assert_eq!(world.account.calls()[0].0, format!("gardefou-{}-1", record.finding.id));
    let claim = Key::target(&record.finding.resource, &record.finding.culprits[0]);
    assert!(!world.exists(&claim), "the claim on the culprit is released");
}

#[test]
fn people_hear_once_that_it_was_taken_back_and_nothing_when_it_is_verified() {
    let world = queued();
    world.settle();
    let told: Vec<u64> = world.queue.take(Effect::Notify).iter().map(|rung| rung.doorbell.version).collect();
    // Rung while it had something to tell; `notify` tells that version once.
    assert!(!told.is_empty());
    let life = world.only().life;
    assert_eq!((life.tell, life.loud), (Some(7), 5), "channels that follow hear the end, people the first");
}

#[test]
fn a_doorbell_that_comes_twice_reverts_once() {
    let world = queued();
    let bell = world.queue.take(Effect::Revert).remove(0).doorbell;
    for _ in 0..3 {
        world.revert(&bell).unwrap();
    }
    world.settle();
    assert_eq!(world.account.calls().len(), 1);
    assert_eq!(world.state(), State::Reverted);
}

#[test]
fn a_doorbell_for_a_finding_that_does_not_exist_changes_nothing() {
    let world = queued();
    let mut bell = world.queue.take(Effect::Revert).remove(0).doorbell;
    bell.finding = "aaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
    assert_eq!(world.revert(&bell).unwrap(), Outcome::Done);
    assert!(world.account.calls().is_empty());
}

#[test]
fn a_role_that_may_not_ends_by_hand_and_is_told_without_a_second_try() {
    let world = queued();
    world.account.trouble_next(Trouble::Denied);
    world.settle();
    assert_eq!(world.state(), State::Manual(Manual::Denied));
    assert!(world.only().evidence.obstacle.unwrap().contains("UnauthorizedOperation"));
    assert!(!world.queue.take(Effect::Notify).is_empty());
    assert!(world.account.calls().is_empty());
}

#[test]
fn a_role_that_may_not_look_ends_by_hand_too() {
    let world = queued();
    world.account.trouble_reading(Trouble::Denied);
    world.settle();
    assert_eq!(world.state(), State::Manual(Manual::Denied));
}

#[test]
fn throttling_waits_longer_each_time_and_succeeds_in_the_end() {
    let world = queued();
    world.account.trouble_next(Trouble::Throttled);
    world.account.trouble_next(Trouble::Throttled);
    let bell = world.queue.take(Effect::Revert).remove(0).doorbell;
    let later = |seconds| Outcome::Later(SignedDuration::from_secs(seconds));
    assert_eq!(world.revert(&bell).unwrap(), later(10));
    assert_eq!(world.revert(&bell).unwrap(), later(20));
    assert_eq!(world.revert(&bell).unwrap(), Outcome::Done);
    world.settle();
    assert_eq!(world.state(), State::Reverted);
}

#[test]
fn eight_failures_end_by_hand() {
    let world = queued();
    for _ in 0..9 {
        world.account.trouble_next(Trouble::Throttled);
    }
    world.settle();
    assert_eq!(world.state(), State::Manual(Manual::Exhausted));
}

#[test]
fn an_answer_that_is_lost_after_the_call_is_found_out_by_reading() {
    let world = queued();
    world.account.trouble_next(Trouble::AnswerLost);
    world.settle();
    assert_eq!(world.state(), State::Reverted);
    assert_eq!(world.account.calls().len(), 1);
}

#[test]
fn an_answer_that_says_done_is_not_believed_while_the_line_stands() {
    let world = queued();
    for _ in 0..3 {
        world.account.trouble_next(Trouble::AnsweredOnly);
    }
    world.settle();
    assert_eq!(world.state(), State::Manual(Manual::Stands));
    assert_eq!(world.account.calls().len(), 3);

    let world = queued();
    world.account.trouble_next(Trouble::AnsweredOnly);
    world.settle();
    assert_eq!(world.state(), State::Reverted);
}

#[test]
fn what_went_before_the_worker_came_is_resolved_and_no_call_is_made() {
    let world = queued();
    world.account.remove(&GROUP.parse().unwrap(), &WORLD_RULE.parse().unwrap());
    world.settle();
    assert_eq!(world.state(), State::Resolved(Resolution::Compliant));
    assert!(world.account.calls().is_empty());
    assert!(world.queue.take(Effect::Notify).is_empty());
}

#[test]
fn what_was_changed_meanwhile_under_the_same_id_is_not_touched() {
    let world = queued();
    let mut group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    group.lines[0] = line(WORLD_RULE, 443, "0.0.0.0/0");
    world.account.put(group);
    world.settle();
    assert_eq!(world.state(), State::Resolved(Resolution::Compliant));
    assert_eq!(world.lines(), [WORLD_RULE, "sgr-0fff"]);
}

#[test]
fn a_compliant_line_that_went_because_it_was_changed_meanwhile_is_put_back() {
    let world = queued();
    world.account.trouble_next(Trouble::ModifiedMeanwhile);
    world.settle();
    let states: Vec<State> = world.findings().iter().map(|record| record.life.state).collect();
    assert!(
        states.contains(&State::Reverted) && states.contains(&State::Manual(Manual::Collateral)),
        "{states:?}"
    );
    let group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    let restored = group.lines.iter().any(|line| matches!(line.source, model::Source::Group { .. }));
    assert!(restored, "what went with the rest is back: {:?}", group.lines);
}

#[test]
fn an_answer_that_does_not_name_another_group_s_account_is_no_collateral() {
    let mut world = World::allowing("revert");
    world.config.push_str("params: {org_accounts: ['111122223333'], operator_cidrs: [203.0.113.0/24]}\n");
    world
        .evaluate(&envelope(&record(
            "ec2/AuthorizeSecurityGroupIngress/group-source-of-another-account.json",
        )))
        .unwrap();
    let model::Item::Opening(found) = world.only().finding.culprits[0].item.clone() else {
        panic!("not an opening")
    };
    assert!(matches!(&found.source, model::Source::Group { account: Some(_), .. }));
    let silent = match found.source.clone() {
        model::Source::Group { group, .. } => model::Source::Group { group, account: None },
        other => other,
    };
    let mut group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    group.lines = vec![model::Opening { source: silent, ..found }];
    world.account.put(group);
    assert_eq!(world.state(), State::Awaiting(Wait::Approve));
    // A person approves; the answer of EC2 names the group alone.
    let mut approved = world.only();
    approved.life.state = State::Queued(model::Work::Revert);
    approved.life.approval =
        Some(model::Approval { by: "claire".into(), at: approved.finding.opened_at, of: Vec::new() });
    let mut item = world.ledger.items()[&approved.key()].clone();
    item.insert("life".into(), engine::Attr::S(serde_json::to_string(&approved.life).unwrap()));
    item.insert("state".into(), engine::Attr::S("QUEUED".into()));
    world.ledger.put(approved.key(), item);
    let bell = engine::Doorbell { finding: approved.finding.id, version: 2, effect: Effect::Revert };
    world.revert(&bell).unwrap();
    world.settle();
    assert_eq!(world.state(), State::Reverted);
}

#[test]
fn a_protected_group_is_left_to_people() {
    let world = queued();
    let mut group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    group.tags.insert("gardefou:protect".into(), "payments".into());
    world.account.put(group);
    world.settle();
    assert_eq!(world.state(), State::Manual(Manual::Protected));
    assert_eq!(world.lines().len(), 2);
}

#[test]
fn the_kill_switch_stops_what_is_queued() {
    let world = queued();
    world.kill_switch(true);
    world.settle();
    assert_eq!(world.state(), State::Awaiting(Wait::Kill));
    assert!(world.account.calls().is_empty());
}

#[test]
fn the_kill_switch_thrown_between_the_claim_and_the_call_stops_the_call_and_asks_a_person() {
    let world = queued();
    // The claim passes; the switch is on when the pre-image is stored.
    let on = [("on".to_owned(), engine::Attr::Bool(true))].into();
    world.ledger.write_meanwhile(1, Key::kill_switch(), on);
    world.settle();
    assert_eq!(world.state(), State::Awaiting(Wait::Kill));
    assert!(world.account.calls().is_empty());
    assert!(!world.queue.take(Effect::Notify).is_empty());
}

#[test]
fn a_finding_that_shares_a_culprit_with_another_ends_and_leaves_the_other_s_claim() {
    let world = queued();
    let mut both = ipv4_world();
    both["detail"]["eventID"] = json!("c3819789-6ccb-4cbf-a56e-000000000042");
    let items = both["detail"]["responseElements"]["securityGroupRuleSet"]["items"].as_array_mut().unwrap();
    let mut more = items[0].clone();
    more["securityGroupRuleId"] = json!("sgr-0beef");
    more["cidrIpv4"] = json!("0.0.0.0/1");
    items.push(more);
    let mut group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    group.lines.push(line("sgr-0beef", 22, "0.0.0.0/1"));
    world.account.put(group);
    world.evaluate(&both).unwrap();
    assert_eq!(world.ledger.starting("T#").len(), 2);
    // The second finding is worked off first: the first one's claim is not its to release.
    let bells = world.queue.take(Effect::Revert);
    let second = bells.last().unwrap().doorbell.clone();
    for _ in 0..6 {
        world.revert(&second).unwrap();
        world.clock.advance(SignedDuration::from_secs(30));
    }
    let states: Vec<State> = world.findings().iter().map(|finding| finding.life.state).collect();
    assert!(states.contains(&State::Reverted), "{states:?}");
    assert_eq!(world.ledger.starting("T#").len(), 1);
}

#[test]
fn a_modified_line_that_turns_out_to_be_egress_is_not_touched() {
    let world = World::allowing("revert");
    let mut modified = record("ec2/ModifySecurityGroupRules/object-to-world.json");
    modified["requestParameters"]["ModifySecurityGroupRulesRequest"]["GroupId"] = json!(GROUP);
    world.evaluate(&envelope(&modified)).unwrap();
    let model::Item::Opening(found) = world.only().finding.culprits[0].item.clone() else {
        panic!("not an opening")
    };
    let mut group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    group.lines = vec![model::Opening { direction: model::Direction::Egress, ..found }];
    world.account.put(group);
    world.settle();
    assert_eq!(world.state(), State::Resolved(Resolution::Compliant));
    assert!(world.account.calls().is_empty() && world.lines().len() == 1);
}

#[test]
fn a_worker_that_died_is_followed_by_another_with_a_new_epoch_and_only_after_its_lease() {
    let world = queued();
    let bell = world.queue.take(Effect::Revert).remove(0).doorbell;
    // The ledger goes away right after the claim: as if the function had died.
    world.account.trouble_reading(Trouble::Throttled);
    world.revert_as("first", &bell).unwrap();
    let claimed = world.only();
    // Put it back to CLAIMED by the first worker, which never came back.
    let mut life = claimed.life.clone();
    life.state = State::Reverting(Phase::Claimed);
    life.lease = Some(model::Lease { owner: model::WorkerId("first".into()), until: life.due_at.unwrap() });
    let key = claimed.key();
    let mut item = world.ledger.items()[&key].clone();
    item.insert("life".into(), engine::Attr::S(serde_json::to_string(&life).unwrap()));
    item.insert("state".into(), engine::Attr::S("REVERTING".into()));
    world.ledger.put(key, item);
    assert_eq!(world.revert_as("second", &bell).unwrap(), Outcome::Done);
    assert!(world.account.calls().is_empty());
    world.clock.advance(SignedDuration::from_secs(120));
    world.revert_as("second", &bell).unwrap();
    world.settle();
    assert_eq!(world.state(), State::Reverted);
    assert!(world.account.calls()[0].0.ends_with("-2"));
}

#[test]
fn wherever_the_ledger_fails_the_message_that_returns_ends_it_well() {
    for passing in 0..7 {
        let world = queued();
        let bell = world.queue.take(Effect::Revert).remove(0).doorbell;
        world.ledger.fail_commit_after(passing);
        for _ in 0..8 {
            // A message whose handler failed comes back after the queue's visibility.
            let _ = world.revert(&bell);
            world.clock.advance(SignedDuration::from_secs(360));
        }
        assert_eq!(world.state(), State::Reverted, "after {passing} commits");
        assert_eq!(world.account.calls().len(), 1, "after {passing} commits");
        assert_eq!(world.lines(), ["sgr-0fff"]);
    }
}

#[test]
fn a_modified_line_gets_back_what_the_ledger_knows_it_held() {
    let world = World::allowing("revert");
    // The line was made by an event that gardefou saw: quiet, one network.
    let mut made = record("ec2/AuthorizeSecurityGroupIngress/one-network.json");
    let set = made["responseElements"]["securityGroupRuleSet"]["items"][0].clone();
    let rule = set["securityGroupRuleId"].as_str().unwrap().to_owned();
    made["eventTime"] = json!("2026-11-20T07:00:00Z");
    world.evaluate(&envelope(&made)).unwrap();
    let held = world.ledger.starting("R#").into_iter().find(|(key, _)| key.sk.starts_with("K#")).unwrap();
    assert!(held.0.sk.contains(&rule));

    let mut modified = record("ec2/ModifySecurityGroupRules/object-to-world.json");
    let request = &mut modified["requestParameters"]["ModifySecurityGroupRulesRequest"];
    request["GroupId"] = json!(GROUP);
    request["SecurityGroupRule"]["SecurityGroupRuleId"] = json!(rule);
    world.evaluate(&envelope(&modified)).unwrap();
    let finding = world.findings().remove(0).finding;
    let mut group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    let model::Item::Opening(now) = finding.culprits[0].item.clone() else { panic!("not an opening") };
    group.lines = vec![now];
    world.account.put(group);
    world.settle();
    assert_eq!(world.state(), State::Reverted);
    let model::Item::Opening(before) = finding.culprits[0].prior.clone().unwrap().item else {
        panic!("not an opening")
    };
    assert!(world.account.group(&GROUP.parse().unwrap()).unwrap().lines[0].same_content(&before));
}

#[test]
fn a_modified_line_of_which_nothing_is_known_is_left_to_people() {
    let world = World::allowing("revert");
    let mut modified = record("ec2/ModifySecurityGroupRules/object-to-world.json");
    modified["requestParameters"]["ModifySecurityGroupRulesRequest"]["GroupId"] = json!(GROUP);
    world.evaluate(&envelope(&modified)).unwrap();
    let model::Item::Opening(now) = world.only().finding.culprits[0].item.clone() else {
        panic!("not an opening")
    };
    let mut group = world.account.group(&GROUP.parse().unwrap()).unwrap();
    group.lines = vec![now];
    world.account.put(group);
    world.settle();
    assert_eq!(world.state(), State::Manual(Manual::Imprecise));
    assert!(world.account.calls().is_empty());
}
