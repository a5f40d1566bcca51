"""What must hold under hostile and real use, line by line, and the tests that hold it.

A line without tests is still to be done. A line with tests fails as soon as one of them goes.
"""

from __future__ import annotations

import pytest

from checklist import Lines, cases, check

LINES: Lines = {
    # Stops or loses for everybody
    "an event of an unknown kind or shape stops nobody": (
        "e2e/test_newer_version.py::test_events_that_are_not_known_stop_nobody",
    ),
    "an exception in one stream ends that stream and nothing else": (
        "deliver/test_hub_failures.py::test_stream_that_is_slow_or_raises_does_not_stop_an_ephemeral_frame",
        "deliver/test_broadcast.py::test_channel_that_raises_does_not_stop_the_others",
        "deliver/test_channel.py::test_connection_that_raises_ends_alone",
        "deliver/test_timer_wheel.py::test_item_whose_check_raises_is_ended_and_the_others_are_checked",
    ),
    "long tasks are supervised, and readiness asks the supervisor": (
        "test_supervisor.py::test_task_that_raises_starts_again_and_is_logged_once",
        "test_readiness.py::test_each_task_that_fails_makes_the_process_not_ready_until_it_runs_again",
        "cli/test_server.py::test_task_that_fails_for_good_ends_the_process_with_one_line_and_status_1",
        "commit/test_committer_failures.py::test_announcement_that_raises_does_not_end_it",
    ),
    "an instance paused in a transaction does not hold the others": (
        "e2e/test_paused_instance.py::test_instance_paused_in_a_transaction_does_not_stop_the_others",
    ),
    "an open snapshot does not slow the writers": (
        "commit/test_log.py::test_appending_writes_no_row_but_the_event",
    ),
    "a batch is bounded in rows and bytes, a body is stored once": (
        "commit/test_budget.py::test_batch_takes_large_commands_up_to_its_rows",
        "commit/test_budget.py::test_batch_takes_commands_up_to_its_bytes",
        "commit/test_committer.py::test_commands_that_would_take_too_much_memory_are_refused",
        "commit/notifications/test_write.py::test_body_for_several_users_is_stored_once",
    ),
    "a mark of a span is a watermark": (
        "commit/marks/test_spans.py::test_span_does_what_marks_of_each_would_do",
        "commit/test_costs.py::test_marking_everything_costs_the_same_however_much_there_is",
    ),
    "a filtered list has a budget, and does not delay streams that open": (
        "commit/test_costs.py::test_a_list_whose_filter_leaves_out_everything_costs_the_same_however_much_there_is",
        "commit/database/test_readers.py::test_reads_of_streams_do_not_wait_for_other_reads",
    ),
    "SQLite's write-ahead log is bounded, and its files are private": (
        "commit/database/test_sqlite.py::test_wal_is_bounded_while_long_reads_overlap",
        "commit/database/test_sqlite.py::test_new_database_and_its_wal_are_for_their_owner_alone",
    ),
    "one request does not stop the loop": (
        "accept/test_loop_time.py::test_no_body_takes_the_loop_for_long",
        "accept/test_loop_time.py::test_no_path_takes_the_loop_for_long",
    ),
    "a log that diverged is noticed, at a restart and under a running server": (
        "contract/test_following.py::test_log_that_went_back_and_has_as_many_events_again_is_noticed",
        "e2e/test_restored_database.py::test_restored_database_is_noticed_by_a_running_server",
        "e2e/test_restored_database.py::test_restored_database_is_noticed_at_a_restart",
        "deliver/streams/test_opening.py::test_counts_of_a_log_that_diverged_wait_until_that_is_noticed",
    ),
    # Lets somebody do what they must not
    "an offer to upgrade, half-close, junk, Host and HTTP/1.0 are as RFC 9110 and 9112 say": (
        "deliver/connection/test_http_protocol.py::test_request_is_seen_whole_and_the_next_one_behind_it",
        "deliver/connection/test_http_protocol.py::test_request_that_means_two_things_is_refused_and_nothing_behind_it_is_read",
        "deliver/connection/test_http_protocol.py::test_client_that_closes_its_side_gets_its_responses",
        "e2e/test_upgrade_offers.py::test_body_of_an_offer_through_nginx_is_not_read_as_the_next_request",
    ),
    "what acts later is authorised when it acts": (
        "commit/rooms/test_schedule.py::test_scheduled_notification_comes_only_if_its_author_may_still_publish_it",
        "commit/rooms/test_schedule.py::test_notification_that_a_limit_delayed_is_checked_again",
        "commit/rooms/test_schedule.py::test_what_was_scheduled_to_a_deleted_room_never_comes_to_a_new_one",
    ),
    "a mute outlives the membership, and makes no owner": (
        "commit/rooms/test_members.py::test_mute_outlasts_leaving_and_joining_again",
        "commit/rooms/test_members.py::test_muted_user_who_joins_an_empty_room_stays_muted",
    ),
    "tickets and cookies end with the key that they were made under": (
        "auth/test_tickets.py::test_tickets_and_cookies_end_with_the_way_in_which_tokens_are_verified",
        "auth/test_tickets.py::test_a_cookie_of_a_long_lived_token_lasts_a_day",
    ),
    "limits count the principal, and every kind of write has one": (
        "http/test_rate_limits.py::test_every_operation_of_a_user_has_a_limit_and_says_so",
        "http/test_rate_limits.py::test_a_flood_is_refused_by_name_and_nobody_else_is",
    ),
    "nobody fills the quota of others or makes them owners": (
        "commit/rooms/test_rooms.py::test_rooms_that_others_add_a_user_to_do_not_count_as_the_users_own",
        "commit/rooms/test_members.py::test_nobody_becomes_owner_who_is_muted_or_was_only_added_by_others",
    ),
    "what was deleted or edited is gone from lists, replay and mentions": (
        "e2e/test_edited_text.py::test_edited_and_deleted_text_is_neither_replayed_nor_listed",
        "e2e/test_edited_text.py::test_text_of_a_deleted_room_is_neither_replayed_nor_listed",
    ),
    "a client that must not come back is kept away": (
        "deliver/frames/test_control.py::test_client_that_is_not_to_reconnect_stays_away_for_about_a_day",
        "accept/accounts/test_sessions.py::test_what_was_issued_before_no_longer_counts",
        "contract/test_stream.py::test_cookie_is_ended_on_request",
    ),
    "answers that nobody reads are bounded": (
        "e2e/test_unread_answers.py::test_answers_that_nobody_reads_take_bounded_memory",
        "accept/test_page_bytes.py::test_inbox_is_complete_in_pages_of_bounded_bytes",
    ),
    "a full, read-only or locked disk is told, and readiness knows": (
        "e2e/test_database_outages.py::test_outage_is_answered_logged_once_and_seen_by_readiness",
        "e2e/test_database_outages.py::test_readiness_alone_notices_a_write_that_cannot_pass",
        "e2e/test_database_outages.py::test_read_only_server_is_answered_logged_once_and_seen_by_readiness",
        "e2e/test_database_outages.py::test_read_only_disk_is_told_at_the_start_in_one_line",
        "e2e/test_database_outages.py::test_sigterm_while_the_file_is_locked_answers_the_writes_that_wait",
    ),
    # Breaks for real clients
    "the time to reconnect never stands alone in a block; JSON escapes line separators": (
        "deliver/frames/test_control.py::test_frame_is_one_block_for_a_client_that_splits_lines_anywhere",
        "deliver/streams/test_opening.py::test_first_stream_gets_the_counts_and_the_newest_id",
        "http/test_responses.py::test_json_has_no_line_breaks_for_any_reader",
    ),
    "another origin can use the cookie": (
        "e2e/test_cookie_in_browser.py::test_native_reconnect_after_the_tickets_minute",
        "deliver/streams/test_cookie.py::test_a_page_of_a_foreign_origin_cannot_use_its_visitors_cookie",
        "contract/test_stream.py::test_stream_has_its_cors_headers_and_a_refusal_too",
    ),
    "cookies and redirects work behind a proxy that strips a prefix": (
        "api/test_routes.py::test_slash_too_many_is_redirected",
        "deliver/streams/test_cookie.py::test_only_pages_of_named_origins_get_a_cookie_for_other_sites",
    ),
    "renewing sets a new cookie and reaches streams that are opening": (
        "contract/test_stream.py::test_renewal_gives_the_next_native_reconnect_a_cookie",
        "deliver/streams/test_connections.py::test_renewal_reaches_streams_that_are_still_opening",
    ),
    "no proxy may transform the stream": (
        "contract/test_stream.py::test_answer_has_the_headers_of_a_stream",
    ),
    "an encoding middleware gets the ordinary response": (
        "deliver/connection/test_handover.py::test_stream_behind_a_middleware_that_compresses_is_sent_through_it",
    ),
    "an open Lumen does not keep its process alive": (
        "e2e/test_embedded.py::test_script_that_publishes_and_never_closes_ends",
        "e2e/test_embedded.py::test_application_that_forgot_the_lifespan_ends_on_ctrl_c",
        "e2e/test_embedded.py::test_client_that_never_reads_is_let_go",
        "e2e/test_embedded.py::test_client_that_never_reads_does_not_hold_up_the_end",
    ),
    "a key server that is down costs known keys nothing": (
        "auth/test_jwks.py::test_a_known_key_never_waits_for_a_server_that_hangs",
        "deliver/streams/test_endpoint.py::test_key_server_that_is_down_is_a_200_that_says_when_to_come_back",
    ),
    "restarts behind a proxy lose nothing": (
        "e2e/test_proxies.py::test_restart_of_the_server_behind_a_proxy_loses_nothing",
        "e2e/test_proxies.py::test_event_source_of_chromium_survives_a_restart_behind_a_proxy",
    ),
    "text with CR LF, a byte order mark and encoded bodies are understood": (
        "accept/test_bad_input.py::test_body_with_a_content_encoding_is_refused",
    ),
    "ids are the same in capitals, unknown ids are named": (
        "accept/test_ids_in_capitals.py::test_notifications_are_found_and_marked_by_ids_in_capitals",
        "accept/test_ids_in_capitals.py::test_unknown_ids_of_a_mark_are_named",
    ),
    "a clock put back delays nobody": (
        "commit/notifications/test_digests.py::test_a_digest_is_due_when_the_clock_has_been_set_back",
        "commit/notifications/test_limits.py::test_a_clock_that_is_set_back_empties_no_bucket",
    ),
    "time zones are those of the IANA database": (
        "commit/preferences/test_quiet_hours.py::test_unknown_time_zone_is_refused",
        "commit/preferences/test_quiet_hours.py::test_every_other_name_of_the_time_zone_database_is_accepted",
    ),
    "figures are true": (
        "e2e/test_metric_values.py::test_every_metric_has_its_value_after_a_known_scenario",
    ),
    "answers say what is so": (
        "accept/test_bad_input.py::test_every_operation_refuses_unknown_and_repeated_query_parameters",
        "commit/test_committer.py::test_close_commits_waiting_commands_and_refuses_new_ones",
    ),
    # The rest
    "one place says what things may cost, with limits per principal": (
        "http/test_rate_limits.py::test_limits_are_generous_for_people_and_tight_for_floods",
        "http/test_rate_limits.py::test_a_large_request_costs_more_than_a_small_one",
    ),
    "databases of older versions are carried over": (
        "e2e/test_older_database.py::test_an_older_database_opens_with_its_counts_and_events",
    ),
    "real clients survive SIGTERM and SIGKILL": (
        "e2e/test_client_libraries.py::test_library_comes_back_after_sigterm_and_kill_and_misses_nothing",
        "e2e/test_real_clients.py::test_event_source_of_chromium_comes_back_and_misses_nothing",
        "e2e/test_upgrade_offers.py::test_java_publishes",
    ),
    "the security page states who may do what, and is held to the code": (
        "test_security.py::test_tables_say_what_the_code_does",
    ),
    "nobody without a scope slows others, by any route": (
        "bench/test_abuse.py::test_nobody_without_a_scope_makes_the_server_work_long_while_others_wait",
        "bench/test_abuse.py::test_every_operation_of_a_user_is_attacked_and_most_requests_are_valid",
        "deliver/streams/test_replay_reader.py::test_replays_read_one_page_at_a_time",
        "commit/database/test_queries.py::test_a_page_of_rooms_reads_the_messages_of_the_page_alone_on_sqlite",
    ),
    "kills, pauses, full disks and snapshots lose and repeat nothing": (
        "e2e/endurance/test_endurance.py::test_endurance_on_sqlite",
        "e2e/endurance/test_endurance.py::test_endurance_on_postgresql",
    ),
    "the property test knows watermarks, schedules, deleted rooms, edits, clocks and divergence": (
        "e2e/test_promise.py::test_state_kept_from_frames_always_equals_a_fresh_fetch",
        "e2e/test_promise.py::test_state_equals_a_fresh_fetch_after_the_database_was_restored",
    ),
    "a publish of a short text to a thousand users writes five times as many rows a second": (),
    "a body of a group or a digest is stored once": (
        "commit/test_costs.py::test_text_of_groups_and_digests_is_written_once_however_many_users_get_it",
        "commit/test_shared_texts.py::test_text_of_groups_is_stored_once_for_all_users",
        "commit/test_shared_texts.py::test_text_of_digests_is_stored_once_for_all_users",
        "commit/test_shared_texts.py::test_an_edit_of_one_users_group_leaves_the_others_as_they_are",
        "commit/test_shared_texts.py::test_a_change_of_the_text_in_one_group_is_none_in_other_groups_with_it",
        "commit/test_shared_texts.py::test_texts_go_with_the_last_event_row_and_part",
        "deliver/test_replay.py::test_text_that_events_share_counts_once",
    ),
}


@pytest.mark.parametrize("line", cases(LINES))
def test_each_line_is_held_by_tests(line: str) -> None:
    check(line, LINES[line])
