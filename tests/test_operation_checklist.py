"""What operation must do, line by line, and the tests that hold it.

A line without tests is still to be done. A line with tests fails as soon as one of them goes.
"""

from __future__ import annotations

import pytest

from checklist import Lines, cases, check

LINES: Lines = {
    # Intake
    "publications, messages and marks come from Kafka, RabbitMQ, NATS JetStream and Redis Streams, "
    "with bodies of the HTTP routes": (
        "contract/test_source.py::test_messages_come_in_order_with_ids_and_places_and_no_more_than_the_prefetch",
        "intake/test_intake.py::test_messages_and_marks_are_taken_in_order",
        "intake/test_reader.py::test_notification_is_published_as_by_the_application",
        "intake/test_reader.py::test_messages_and_marks_act_as_the_user_whom_they_name",
    ),
    "`lumen-notify intake` takes them in, and so does `serve` by a setting; `intake --help` needs no extra": (
        "cli/commands/test_intake.py::test_it_takes_in_until_a_signal_and_ends_with_status_0",
        "cli/commands/test_intake.py::test_help_and_server_need_no_extra",
        "intake/test_intake.py::test_server_takes_in_what_the_queue_has",
    ),
    "a message is acknowledged after COMMIT alone, and one that comes once more is no second notification": (
        "intake/test_service.py::test_messages_are_acknowledged_once_they_are_committed",
        "intake/test_service.py::test_nothing_is_acknowledged_or_fetched_while_the_database_is_away",
        "commit/intake/test_take_in.py::test_message_that_comes_once_more_is_taken_in_once",
        "commit/intake/test_take_in.py::test_key_is_taken_in_once_whatever_the_offset",
    ),
    "the order of a partition is kept, and many messages are one transaction": (
        "contract/test_source.py::test_what_is_not_acknowledged_comes_again_before_what_is_newer",
        "intake/test_taker.py::test_batch_is_one_transaction_in_its_order",
        "commit/intake/test_take_in.py::test_each_message_sees_what_the_ones_before_it_have_done",
    ),
    "what cannot be accepted goes to a dead-letter topic with its problem document, and stops nothing": (
        "contract/test_source.py::test_messages_come_in_order_with_ids_and_places_and_no_more_than_the_prefetch",
        "intake/test_taker.py::test_refused_messages_are_dead_letters_and_the_others_are_taken_in",
        "intake/test_service.py::test_dead_letter_that_cannot_be_stored_is_not_acknowledged",
    ),
    "the number of messages in memory is bounded; intake pauses while the database is away, and "
    "drains on SIGTERM": (
        "contract/test_source.py::test_messages_come_in_order_with_ids_and_places_and_no_more_than_the_prefetch",
        "intake/test_service.py::test_nothing_is_acknowledged_or_fetched_while_the_database_is_away",
        "cli/commands/test_intake.py::test_it_takes_in_until_a_signal_and_ends_with_status_0",
    ),
    "the lag of intake is in the metrics": ("intake/test_service.py::test_lag_and_outcomes_are_metrics",),
    # Figures and logs
    "figures: delivery time from commit to write, and from publish to receipt as a client can tell": (
        "deliver/test_delivery_times.py::test_time_from_commit_and_from_acceptance_to_the_last_write",
        "deliver/test_delivery_times.py::test_what_was_written_on_no_stream_is_not_observed",
        "e2e/test_metric_values.py::test_every_metric_has_its_value_after_a_known_scenario",
        "cli/test_tail.py::test_delay_of_what_is_new_is_shown_if_asked_for",
    ),
    "figures: users online and their spread by instance and device, streams by close reason, build info": (
        "deliver/streams/test_registry.py::test_streams_and_users_are_counted_by_device_until_their_end",
        "service_metrics/test_figures.py::test_figures_are_the_numbers_of_the_instance",
        "service_metrics/test_service_metrics.py::test_metrics_of_the_services_are_there_at_the_first_scrape",
        "service_metrics/test_service_metrics.py::test_labels_that_are_known_have_their_zeros_from_the_start",
    ),
    "figures: success of pushes, queue lengths, the database, the backplane with lost hints and reconnects": (
        "commit/jobs/test_queue_lengths.py::test_what_waits_is_counted_and_so_is_how_long_the_oldest_is_overdue",
        "deliver/test_tail_hints.py::test_events_that_a_poll_finds_before_a_hint_are_missed_hints",
        "deliver/test_tail_hints.py::test_events_that_a_hint_told_of_are_no_missed_hints",
        "e2e/test_metric_values.py::test_every_metric_has_its_value_after_a_known_scenario",
        "e2e/test_metric_values.py::test_metrics_of_push_have_their_values",
        (
            "e2e/test_workers.py::"
            "test_workers_deliver_what_any_of_them_commits_answer_for_all_and_drain_together"
        ),
    ),
    "the drift gauge compares a sampled connected user's counts with a fresh fetch": (
        "deliver/streams/test_count_drift.py::test_counts_of_a_connected_user_are_those_of_the_database",
        "deliver/streams/test_count_drift.py::test_fetch_that_is_ahead_waits_for_the_channel",
        (
            "deliver/streams/test_count_drift.py::"
            "test_fetch_that_is_behind_counts_if_nothing_concerns_the_user_in_between"
        ),
        "deliver/streams/test_count_drift.py::test_counts_of_another_log_are_not_compared",
    ),
    "a Grafana dashboard and Prometheus alert rules pass promtool, and each metric in them exists": (
        "release/test_monitoring_files.py::test_promtool_finds_nothing_in_rules_configuration_and_dashboard",
        "release/test_monitoring_files.py::test_each_alert_fires_when_it_should_and_not_before",
        "release/test_monitoring_files.py::test_each_metric_of_dashboard_and_alerts_exists",
        "release/test_monitoring_files.py::test_dashboard_shows_each_metric",
        "release/test_monitoring_files.py::test_each_alert_says_what_it_means_and_what_to_do",
    ),
    "each metric is documented": (
        "test_metrics_page.py::test_page_describes_each_metric_as_the_code_does",
        "test_metrics_page.py::test_metric_that_is_not_described_is_noticed",
    ),
    "one line at a stream's open and one at its close, with reason and seconds": (
        "deliver/streams/test_registry.py::test_a_line_at_the_open_and_one_at_the_end_without_the_user",
        "contract/test_request_ids.py::test_stream_has_it_and_so_has_the_line_at_its_open",
    ),
    "X-Request-ID is taken and given back, and is in the log lines of its request": (
        "test_request_id.py::test_any_other_value_is_replaced",
        "contract/test_request_ids.py::test_every_response_has_it",
        "contract/test_request_ids.py::test_failure_is_answered_and_logged_with_one_id",
        "test_logs.py::test_line_of_a_request_has_its_id_in_each_format",
    ),
    "levels are as documented, and no line has a payload or a token": (
        "test_log_table.py::test_each_line_is_in_the_table_with_its_level",
        "test_log_table.py::test_table_has_no_other_lines",
        "test_log_secrecy.py::test_no_route_logs_what_it_is_given",
        "test_log_secrecy.py::test_no_error_of_the_database_logs_its_values",
        "test_exception_text.py::test_text_with_values_is_not",
        "test_logs.py::test_repeated_warnings_are_bounded_and_counted",
        "cli/test_secrecy.py::test_nothing_secret_is_in_any_line_of_our_server",
    ),
    "OpenTelemetry: a span from POST through commit to fan-out, `traceparent` taken, one trace across "
    "instances": (
        "tracing/test_otel.py::test_trace_of_a_request_goes_from_post_through_commit_to_fan_out",
        "tracing/test_otel.py::test_transaction_of_several_requests_has_a_link_to_each",
        "tracing/test_two_instances.py::test_trace_goes_on_at_the_other_instance_by_postgresql",
        "tracing/test_two_instances.py::test_trace_goes_on_at_the_other_instance_by_redis",
        "tracing/test_export.py::test_server_exports_its_spans_and_the_last_ones_at_its_end",
        "tracing/test_export.py::test_without_tracing_nothing_of_it_is_imported",
    ),
    # Admin page
    "the shell of /admin is for anybody, its data for holders of notify:admin alone": (
        "api/web/test_page.py::test_the_page_of_administrators_answers_anybody",
        "api/test_admin_endpoints.py::test_every_route_below_admin_refuses_those_without_the_scope",
        "browsers/test_admin.py::test_admin_is_used_by_keyboard_alone",
    ),
    "an admin's stream: users online, streams by instance and device, rates, commit time, pushes, "
    "close reasons, errors": (
        "deliver/admin/test_endpoint.py::test_administrators_get_figures_at_once_and_each_second",
        "deliver/admin/test_snapshot.py::test_instances_are_added_up",
        "deliver/admin/test_streams.py::test_stream_ends_once_its_token_is_revoked",
        "e2e/test_administrators.py::test_administrators_watch_all_instances",
    ),
    "an admin finds a user: streams, counts, devices, last notifications; and ends those streams": (
        "accept/admin/test_users.py::test_users_are_found_by_the_beginning_of_their_id",
        "accept/admin/test_users.py::test_accounts_are_found_by_their_username_on_the_first_page",
        "accept/admin/test_users.py::test_details_have_streams_counts_devices_and_the_newest_notifications",
        "accept/admin/test_streams.py::test_one_stream_ends_and_the_others_go_on",
        "e2e/test_administrators.py::test_streams_of_a_user_are_seen_and_end_on_all_instances",
        "e2e/test_administrators.py::test_streams_end_although_every_hint_is_lost",
    ),
    "an admin sends a system notification to a user, a room or all, after a preview that says how "
    "many it reaches": (
        "accept/admin/test_preview.py::test_recipients_are_counted",
        "accept/admin/test_preview.py::test_all_are_the_users_who_are_known",
        "browsers/test_admin.py::test_admin_finds_a_user_sends_to_all_and_ends_their_streams",
    ),
    "an admin lists and cancels scheduled notifications, and retries dead letters": (
        "accept/admin/test_audit.py::test_cancel_of_what_another_user_has_scheduled_is_noted",
        "accept/push/test_dead_letters.py::test_retry_makes_the_push_due_and_deletes_the_dead_letter",
    ),
    "an admin sees categories, and rooms with members, and moderates them": (
        "accept/admin/test_rooms.py::test_all_rooms_are_listed_whoever_is_in_them",
        "accept/admin/test_members.py::test_members_are_muted_removed_and_banned",
        "accept/admin/test_messages.py::test_a_message_is_deleted_and_noted_without_its_content",
        "commit/rooms/test_all_rooms.py::test_administrators_act_as_owners_without_being_members",
    ),
    "everything that an admin does is in the audit log, which is append-only": (
        "commit/audit/test_audit.py::test_what_is_rolled_back_is_not_noted",
        "commit/audit/test_audit.py::test_no_query_changes_a_row_and_only_retention_deletes_some",
        "accept/admin/test_audit.py::test_what_an_administrator_publishes_is_noted_without_its_content",
        "accept/admin/test_audit.py::test_changes_of_what_others_have_published_are_noted_once",
        "accept/admin/test_audit.py::test_every_action_is_in_the_page_of_administration",
    ),
    "each of these is in the OpenAPI document": (
        "api/test_admin_endpoints.py::test_every_route_below_admin_refuses_those_without_the_scope",
        "api/openapi/test_admin_answers.py::test_every_field_of_every_answer_is_described",
    ),
    "the page is dark, on a phone, by keyboard and in Chinese as well": (
        "browsers/test_admin.py::test_admin_is_used_by_keyboard_alone",
        "browsers/test_admin.py::test_axe_finds_nothing_at_any_place_and_pictures_are_kept",
        "web/test_admin_words.py::test_each_language_has_the_same_words_in_order",
    ),
    # AsyncAPI
    "/asyncapi.json describes each frame of the stream and the messages of intake, from the models of "
    "OpenAPI": (
        "api/asyncapi/test_messages.py::test_each_event_of_each_frame_is_a_message",
        "api/asyncapi/test_channels.py::test_every_event_stream_of_the_api_is_a_channel",
        "api/asyncapi/test_examples.py::test_each_example_is_as_described",
        "api/asyncapi/test_intake.py::test_document_and_intake_take_the_same_messages",
        "api/asyncapi/test_intake.py::test_dead_letters_are_as_described",
        "api/asyncapi/test_schemas.py::test_both_documents_have_the_same_schemas",
        "api/asyncapi/test_document.py::test_document_holds_under_a_prefix_and_names_no_host",
    ),
    "each frame that the tests see is held against it": (
        "api/asyncapi/test_messages.py::test_every_event_stream_of_the_tests_refuses_what_is_not_described",
        "api/asyncapi/test_messages.py::test_a_frame_that_no_message_describes_is_refused",
    ),
    "AsyncAPI's own validator finds nothing in it, nor does Redocly's lint": (
        "e2e/test_generated_clients.py::test_validator_of_asyncapi_finds_nothing_in_the_document",
        "e2e/test_generated_clients.py::test_redocly_finds_nothing_in_the_documents",
    ),
    "TypeScript types generated from both documents compile": (
        "e2e/test_generated_clients.py::test_openapi_typescript_makes_types_with_which_a_client_publishes",
        "e2e/test_generated_clients.py::test_openapi_typescript_makes_types_of_the_frames_of_a_stream",
    ),
    # A user's data
    "GET /users/{id}/export gives profile, notifications with receipts, messages, rooms, preferences "
    "and devices": (
        "commit/users/test_export.py::test_export_has_lines_of_each_type",
        "commit/users/test_export.py::test_export_has_no_secret",
        "accept/users/test_users.py::test_export_waits_for_a_client_that_does_not_read",
        "accept/users/test_users.py::test_users_and_admins_export",
    ),
    "DELETE /users/{id} by an admin or the account itself, also for users without an account": (
        "accept/users/test_users.py::test_users_delete_themselves_after_a_fresh_log_in",
        "commit/users/test_deletion.py::test_user_without_an_account_is_deleted",
    ),
    "a deletion goes in small transactions, goes on after a crash, ends the user's streams, and all "
    "instances know": (
        "commit/users/test_purge.py::test_each_step_has_a_bounded_number_of_rows",
        "commit/users/test_purge.py::test_deletion_goes_on_after_a_crash_and_on_another_instance",
        "commit/users/test_purge.py::test_instances_have_a_minute_to_read_which_streams_end",
    ),
    "`lumen-notify users export` and `users delete` do the same": (
        "cli/database/test_users.py::test_user_is_exported_and_deleted_while_the_server_runs",
    ),
    # Backups and upgrades
    "`lumen-notify backup` copies a SQLite database in use, and prints the pg_dump for PostgreSQL": (
        "cli/database/test_backup.py::test_copy_is_one_moment_of_a_database_in_use",
        "cli/database/test_backup.py::test_restored_backup_is_noticed_by_clients_with_newer_cursors",
        "cli/database/test_backup.py::test_commands_for_postgresql_have_no_password",
        "release/test_production.py::test_sqlite_is_backed_up_while_it_is_written_and_restored",
    ),
    "`check` looks at settings, database version, disk, clock, keys, backplane and push credentials": (
        "cli/checks/test_host.py::test_too_little_space_is_a_problem",
        "cli/checks/test_host.py::test_clock_of_the_database_is_compared",
        "cli/checks/test_host.py::test_postgresql_that_is_too_old_is_a_problem",
        "cli/checks/test_host.py::test_files_that_others_may_read_are_warned_of",
        "cli/checks/test_check.py::test_every_part_that_is_not_right_is_found",
        "cli/checks/test_check.py::test_a_backplane_that_does_not_answer_is_found",
        "cli/checks/test_check.py::test_files_of_push_are_read_without_a_database",
    ),
    "an older instance serves beside the new one while the database is migrated, or is refused with "
    "the reason": (
        "release/test_upgrade.py::test_instance_of_0_1_0_writes_beside_a_new_one_after_the_migration",
    ),
    "a database of the wheel of 0.1.0 is migrated": (
        "release/test_upgrade.py::test_database_of_the_wheel_of_0_1_0_is_migrated",
    ),
    # Safe for others
    "SECURITY.md says how to report, and docs/security.md what an attacker with each stolen secret can do": (
        "test_security.py::test_each_secret_has_a_line_that_says_what_ends_it",
        "test_security.py::test_policy_says_how_to_report_and_is_linked",
    ),
    "all pages have their headers": (
        "api/test_response_headers.py::test_every_route_has_them_with_and_without_a_token",
        "api/test_response_headers.py::test_pages_and_their_files_have_them",
        "api/test_response_headers.py::test_modules_for_other_origins_have_them_but_for_one",
        "api/test_response_headers.py::test_refusals_and_redirects_have_them",
        "api/test_response_headers.py::test_nothing_that_a_request_claims_of_its_origin_is_repeated",
        "api/test_response_headers.py::test_redirects_lead_nowhere_else",
    ),
    # It must show
    "each broker: thousands of messages, kill -9 of consumer and broker in between, each once, in order": (
        "test_brokers.py::test_a_killed_broker_comes_back_with_what_it_has_confirmed",
        "e2e/intake/test_crashes.py::test_each_message_is_taken_in_once_and_in_order",
    ),
    "ten poison messages are dead letters with their reasons": (
        "e2e/intake/test_poison.py::test_what_cannot_be_accepted_is_a_dead_letter_and_stops_nothing",
    ),
    "intake's throughput is measured against the HTTP route in one run": (
        "bench/test_intake.py::test_a_queue_is_measured_beside_the_route",
        "bench/test_intake.py::test_page_has_the_table",
    ),
    "the admin page in Chromium: find a user, send to all, see it arrive in another window, end a stream": (
        "browsers/test_admin.py::test_admin_finds_a_user_sends_to_all_and_ends_their_streams",
    ),
    "the drift gauge is 0 through the property test and the kill tests, and is not when a count is broken": (
        "e2e/test_promise.py::test_state_kept_from_frames_always_equals_a_fresh_fetch",
        "e2e/test_promise.py::test_state_equals_a_fresh_fetch_whichever_instances_answer",
        "e2e/test_crashes.py::test_killed_server_loses_nothing_that_it_answered",
        "e2e/test_crashes.py::test_killed_postgresql_costs_delay_and_no_event",
        "service_metrics/test_monitoring.py::test_count_broken_in_the_database_shows_in_the_metrics",
    ),
    "after an export and a deletion no row of any table names the user but as documented, and counts "
    "of others are those of a fresh fetch": (
        "commit/users/test_deletion.py::test_scenario_leaves_traces_in_every_table_that_may_name_a_user",
        "commit/users/test_deletion.py::test_no_row_of_any_table_names_a_deleted_user",
        "commit/users/test_deletion.py::test_counts_of_others_are_those_of_their_lists",
        "accept/users/test_users.py::test_counts_of_others_are_what_their_streams_show",
    ),
}


@pytest.mark.parametrize("line", cases(LINES))
def test_each_line_is_held_by_its_tests(line: str) -> None:
    check(line, LINES[line])
