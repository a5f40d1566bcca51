"""What a service of many instances must have, line by line, and the tests that hold it.

A line without tests is still to be done. A line with tests fails as soon as one of them goes.
"""

from __future__ import annotations

import pytest

from checklist import Lines, cases, check

LINES: Lines = {
    # The backplane
    "one contract holds for the memory, PostgreSQL and Redis backplanes": (
        "contract/test_backplane.py::test_what_is_announced_reaches_the_others_and_does_not_come_back",
        "contract/test_backplane.py::test_messages_reach_the_others_in_order_and_do_not_come_back",
        "contract/test_backplane.py::test_server_that_is_stopped_is_noticed_and_nobody_waits_for_it",
    ),
    "lost, doubled, late, reordered and garbage hints do no harm": (
        "contract/test_backplane.py::test_garbage_is_counted_and_what_follows_is_received",
        "deliver/test_tail_hints.py::test_hinted_events_are_delivered_without_reading_the_log_in_any_order",
        "deliver/test_tail_hints.py::test_garbage_costs_a_few_reads_and_true_hints_still_pass",
        "e2e/test_promise.py::test_state_equals_a_fresh_fetch_whichever_instances_answer",
    ),
    "the PostgreSQL backplane sends the head's position, coalesced, and syncs again after each reconnect": (
        "deliver/backplane/test_outbox.py::test_only_the_newest_position_goes_where_events_do_not",
        "deliver/backplane/test_remote.py::test_one_send_is_on_its_way_and_what_comes_meanwhile_goes_together",
        "contract/test_backplane.py::test_server_that_ends_all_connections_costs_one_outage_and_a_sync",
    ),
    "the Redis backplane carries the events, so that a healthy instance does not read the log for them": (
        "deliver/backplane/test_redis.py::test_healthy_instance_does_not_read_the_log_for_the_events_of_others",
    ),
    "LUMEN_BACKPLANE_URL takes memory, PostgreSQL, redis, rediss and redis+sentinel": (
        "settings/test_backplane_url.py::test_url_names_a_backplane",
        "deliver/backplane/test_opening.py::test_url_names_the_backplane",
        "test_redis_client.py::test_certificate_of_an_encrypted_server_is_checked",
        "test_redis_client.py::test_sentinel_names_the_server",
    ),
    "the log is read slowly whatever the backplane": (
        "deliver/test_pace.py::test_log_is_read_after_a_second_without_progress",
        "deliver/test_pace.py::test_log_is_read_now_and_then_even_while_hints_leave_no_gap",
    ),
    "the tail delivers an event only at its position, and resets where the log no longer holds a gap": (
        "deliver/test_announcements.py::test_whatever_true_hints_arrive_they_are_taken_once_and_in_order",
        "deliver/test_tail_hints.py::test_gap_that_the_log_no_longer_holds_resets",
    ),
    # What is not in the log
    "typing crosses instances": (
        "e2e/test_between_instances.py::test_typing_on_one_instance_is_shown_and_ended_on_the_other",
        "deliver/ephemeral/test_typing.py::test_reports_may_reach_a_different_instance_each_time",
        "deliver/ephemeral/test_typing.py::test_end_that_is_lost_comes_by_the_time_out_of_each_instance",
    ),
    "renewing reaches the streams of all instances": (
        "e2e/test_between_instances.py::test_renewal_on_one_instance_prolongs_the_stream_on_the_other",
        "deliver/streams/test_renewals.py::test_client_is_asked_again_when_its_renewal_was_lost",
    ),
    "GET /connections lists the streams of all instances": (
        "e2e/test_presence.py::test_connections_of_all_instances_are_listed",
        "deliver/streams/test_connections.py::test_streams_of_other_instances_are_listed_among_those_of_this_one_by_age",
    ),
    "a revocation ends streams and refuses tokens on all instances": (
        "e2e/test_accounts.py::test_what_one_instance_ends_is_over_at_the_other",
        "e2e/test_accounts.py::test_instance_that_is_behind_the_log_refuses_revoked_tokens_within_seconds",
    ),
    "the limit of streams per user holds across instances": (
        "e2e/test_presence.py::test_limit_of_streams_holds_over_all_instances_though_messages_are_lost",
        "deliver/presence/test_stream_limit.py::test_user_with_too_many_is_looked_at_until_they_have_not",
    ),
    "log-ins and publishes are limited across instances, other limits are documented as per process": (
        "commit/accounts/test_attempts.py::test_instances_count_together",
        "commit/notifications/test_limits.py::test_publishes_to_any_instance_count_together",
        "accept/accounts/test_sessions.py::test_attempts_that_cannot_be_counted_check_no_password",
    ),
    # Presence
    "a user is online on every instance within a second": (
        "e2e/test_presence.py::test_user_is_online_on_every_instance_and_offline_after_the_grace",
        "deliver/presence/test_tracker.py::test_storm_of_opens_is_written_in_a_few_batches",
    ),
    "users of an instance that died are offline within its lease": (
        "e2e/test_presence.py::test_killed_server_leaves_its_users_offline_within_the_lease",
        "e2e/test_presence.py::test_users_of_an_instance_that_stops_are_offline_and_come_back_with_it",
        "e2e/test_presence.py::test_nobody_goes_offline_while_postgresql_restarts",
        "commit/presence/test_expiry.py::test_leases_of_twenty_instances_with_many_users_end_in_steps",
        "deliver/presence/test_tracker.py::test_others_are_ended_only_by_an_instance_that_has_looked_for_a_whole_lease",
    ),
    "a user who reconnects elsewhere stays online": (
        "e2e/test_presence.py::test_user_who_reconnects_elsewhere_after_a_shutdown_stays_online",
        "commit/presence/test_expiry.py::test_user_who_reconnects_elsewhere_within_the_grace_stays_online",
        "commit/presence/test_expiry.py::test_stream_that_opens_while_its_user_is_taken_offline_announces_them_online",
    ),
    "presence frames reach those who share a room, and nobody else": (
        "e2e/test_presence.py::test_only_those_who_share_a_room_get_frames_and_each_gets_one",
        "deliver/presence/test_announcer.py::test_each_user_in_the_rooms_gets_one_frame_except_for_the_user_and_the_blocked",
    ),
    "a user may appear offline": (
        "e2e/test_presence.py::test_user_who_hides_appears_offline_until_they_choose_otherwise",
    ),
    "GET /rooms/{id}/presence lists status, devices and last_seen_at": (
        "e2e/test_presence.py::test_user_is_online_on_every_instance_and_offline_after_the_grace",
        "accept/rooms/test_presence.py::test_only_members_may_ask",
        "commit/presence/test_presence.py::test_hidden_user_and_one_who_has_blocked_the_reader_were_never_seen",
    ),
    "get_user_device_info lists the connections of a user": (
        "e2e/test_presence.py::test_connections_of_all_instances_are_listed",
    ),
    "a lease of any number of users is renewed by one statement": (
        "commit/presence/test_lease.py::test_lease_of_many_users_is_renewed_by_one_statement",
        "deliver/presence/test_tracker.py::test_lease_is_renewed_by_one_write_while_streams_are_open_and_then_closed",
    ),
    # Workers
    "serve --workers publishes on one worker and delivers on all": (
        "e2e/test_workers.py::test_workers_deliver_what_any_of_them_commits_answer_for_all_and_drain_together",
        "cli/test_listener.py::test_connections_spread_evenly_over_the_sockets_of_workers",
    ),
    "a worker that dies is restarted": (
        "e2e/test_workers.py::test_killed_and_replaced_workers_lose_nothing_and_refuse_no_connection",
        "cli/workers/test_slot.py::test_worker_that_was_killed_has_a_successor_and_its_counters_stay",
        "cli/workers/test_slot.py::test_worker_that_does_not_answer_is_killed_and_has_a_successor",
        "cli/workers/test_slot.py::test_workers_that_end_again_and_again_are_given_up",
        "e2e/test_workers.py::test_workers_end_when_their_parent_is_killed",
    ),
    "SIGTERM drains all workers within the drain time": (
        "e2e/test_workers.py::test_workers_deliver_what_any_of_them_commits_answer_for_all_and_drain_together",
        "cli/workers/test_pool.py::test_second_signal_does_not_wait_for_the_drain_time",
        "cli/workers/test_pool.py::test_workers_that_do_not_end_within_the_drain_time_are_killed",
    ),
    "SIGHUP replaces the workers without refusing a connection": (
        "cli/test_server.py::test_replaced_server_answers_connections_that_it_has_accepted",
        "e2e/test_workers.py::test_killed_and_replaced_workers_lose_nothing_and_refuse_no_connection",
        "cli/workers/test_pool.py::test_hangup_replaces_all_workers_one_after_another",
        "e2e/test_workers.py::test_replaced_workers_have_the_renewed_certificate",
        "cli/workers/test_pool.py::test_workers_stay_if_the_new_ones_do_not_start",
    ),
    "GET /metrics of any worker is the sum of all": (
        "e2e/test_workers.py::test_workers_deliver_what_any_of_them_commits_answer_for_all_and_drain_together",
        "cli/workers/test_totals.py::test_what_a_worker_has_counted_stays_when_it_does_not_answer_and_when_it_has_ended",
        "cli/workers/test_pool.py::test_metrics_are_the_sum_of_those_who_answer_in_time",
    ),
    "several workers on SQLite are proven right or refused with the reason": (
        "cli/workers/test_pool.py::test_sqlite_is_refused_before_anything_starts",
        "e2e/test_workers.py::test_an_application_on_sqlite_is_refused_in_one_line",
    ),
    # Jobs
    "jobs run once among all instances": (
        "commit/jobs/test_job_lock.py::test_one_instance_has_the_lock_until_it_stops",
        "commit/notifications/test_schedule.py::test_two_instances_publish_each_due_notification_once",
        "commit/notifications/test_grouping.py::test_two_instances_announce_each_group_once",
        "commit/notifications/test_digests.py::test_two_instances_publish_each_digest_once",
        "commit/publications/test_removal.py::test_instances_that_expire_at_once_remove_each_once",
        "e2e/test_jobs.py::test_jobs_go_on_and_each_is_done_once_when_their_instance_is_killed_or_paused",
    ),
    "jobs go on within seconds when their instance dies": (
        "commit/jobs/test_job_lock.py::test_lock_goes_to_another_instance_when_its_session_ends",
        "commit/jobs/test_job_lock.py::test_lock_of_an_instance_that_is_silent_goes_to_another",
        "commit/jobs/test_job_lock.py::test_instance_that_cannot_write_leaves_the_jobs_to_others",
        "e2e/test_jobs.py::test_jobs_go_on_and_each_is_done_once_when_their_instance_is_killed_or_paused",
    ),
    # Readiness
    "GET /readyz reports database, log and backplane, and 503 when one fails": (
        "test_readiness.py::test_each_part_is_told_with_the_age_of_its_newest_proof_ready_or_not",
        "accept/test_health.py::test_a_process_that_is_not_ready_says_why",
        "accept/test_health.py::test_a_backplane_that_fails_leaves_the_process_ready_and_shows",
    ),
    "a dead LISTEN connection and a deaf Redis show in readiness, in one log line and in a metric": (
        "contract/test_backplane.py::test_link_that_takes_all_and_delivers_nothing_is_noticed_and_replaced",
        "e2e/test_backplane_outages.py::test_listening_connection_that_is_dead_shows",
        "e2e/test_backplane_outages.py::test_redis_that_is_up_but_deaf_shows",
    ),
    "a full or read-only database shows in readiness, in one log line and in a metric": (
        "e2e/test_database_outages.py::test_outage_is_answered_logged_once_and_seen_by_readiness",
        "e2e/test_database_outages.py::test_read_only_server_is_answered_logged_once_and_seen_by_readiness",
    ),
    # Replay
    "a cursor that the log holds is served whatever its length, with bounded memory": (
        "contract/test_long_replay.py::test_long_replay_is_whole_and_then_the_stream_is_live",
        "deliver/streams/test_stream_replay.py::test_next_part_waits_until_the_client_has_read_the_one_before",
        "e2e/test_long_replay.py::test_long_replay_reaches_http_the_library_and_the_command_line",
    ),
    "reset says why: epoch, ahead, diverged, trimmed, too_many": (
        "e2e/test_long_replay.py::test_each_reset_says_why",
    ),
    # A database that went back
    "a restored database under several instances resets all streams": (
        "e2e/test_restored_under_instances.py::test_all_instances_notice_that_the_database_went_back",
        "deliver/test_tail_hints.py::test_lost_hints_from_before_a_pause_are_not_delivered",
        "deliver/test_tail_hints.py::test_own_commit_before_a_pause_is_announced_only_if_the_log_has_it",
        "commit/accounts/test_revocations.py::test_revocations_of_another_database_replace_those_that_were_known",
    ),
    "a promoted replica that lacks the newest events resets all streams": (
        "e2e/test_restored_under_instances.py::test_all_instances_notice_that_the_database_went_back",
    ),
    # Deployment
    "a compose file describes PostgreSQL, Redis, two instances and a proxy": (
        "release/test_deploy_files.py::test_compose_file_has_the_form_of_its_specification",
        "release/test_deploy_files.py::test_variables_exist",
        "release/test_deploy_files.py::test_instances_are_reached_by_the_proxy_alone",
    ),
    "Kubernetes manifests drain before the pod ends, and are valid": (
        "release/test_deploy_files.py::test_kubernetes_manifests_are_valid",
        "release/test_deploy_files.py::test_pods_drain_before_they_are_killed",
        "release/test_deploy_files.py::test_selectors_choose_the_pods",
    ),
    "nginx, Caddy and HAProxy balance two instances and stream": (
        "e2e/test_balanced_instances.py::test_instances_share_the_streams_and_the_loss_of_one_loses_nothing",
        "e2e/test_balanced_instances.py::test_streams_share_one_connection_over_http_2",
        "e2e/test_proxies.py::test_restart_of_the_server_behind_a_proxy_loses_nothing",
    ),
    "a page says how far one instance goes and what a second one adds": (
        "bench/test_simulation.py::test_it_measures_real_deliveries",
        "bench/test_scaling.py::test_numbers_of_users_are_worked_out",
        "bench/test_scaling.py::test_published_numbers_of_users_are_worked_out_from_the_published_figures",
    ),
    # It must show
    "the property test holds with three instances, by LISTEN and NOTIFY": (
        "e2e/test_promise.py::test_state_equals_a_fresh_fetch_whichever_instances_answer",
    ),
    "the property test holds with three instances, by Redis": (
        "e2e/test_promise.py::test_state_equals_a_fresh_fetch_whichever_instances_answer",
    ),
    "an instance is killed under load: nothing lost, repeated or out of order": (
        "e2e/faults/test_instance_faults.py::test_instance_is_killed",
    ),
    "Redis is killed, stopped or deaf under load: nothing lost, repeated or out of order": (
        "e2e/faults/test_redis_faults.py::test_redis_is_killed_and_restarts",
        "e2e/faults/test_redis_faults.py::test_redis_is_down_for_a_while",
        "e2e/faults/test_redis_faults.py::test_redis_accepts_and_never_answers",
        "e2e/faults/test_redis_faults.py::test_connections_to_redis_fall_silent",
    ),
    "PostgreSQL is restarted under load, or its connections are ended: nothing lost": (
        "e2e/faults/test_postgresql_faults.py::test_postgresql_restarts",
        "e2e/faults/test_postgresql_faults.py::test_all_connections_are_ended",
        "e2e/faults/test_postgresql_faults.py::test_listening_connections_fall_silent",
    ),
    "an instance is paused under load, or receives no hints: nothing lost": (
        "e2e/faults/test_instance_faults.py::test_instance_is_paused",
        "e2e/faults/test_instance_faults.py::test_readers_of_a_paused_instance_wait_for_it",
        "e2e/faults/test_instance_faults.py::test_instance_gets_no_hints",
    ),
    "a bench row compares one worker with two": (
        "bench/test_instance_measurements.py::test_one_worker_and_two_deliver_to_all_streams",
        "bench/test_instance_measurements.py::test_without_postgresql_or_redis_the_table_has_the_reason",
    ),
    "a bench row measures the latency across instances": (
        "bench/test_instance_measurements.py::test_a_stream_of_another_instance_receives_each_publish",
        "bench/test_instance_measurements.py::test_messages_are_sent_to_two_instances_at_once",
        "bench/test_instance_measurements.py::test_without_postgresql_or_redis_the_table_has_the_reason",
    ),
    "forty thousand streams are open over three workers": (
        # The small form. LUMEN_TEST_WORKER_STREAMS=40000 is the long one.
        "bench/test_workers.py::test_streams_are_open_over_three_workers_and_each_receives_what_is_published",
    ),
}


@pytest.mark.parametrize("line", cases(LINES))
def test_each_line_is_held_by_its_tests(line: str) -> None:
    check(line, LINES[line])
