"""What push must do, line by line, and the tests that hold it.

A line without tests is still to be done. A line with tests fails as soon as one of them goes.
"""

from __future__ import annotations

import pytest

from checklist import Lines, cases, check

LINES: Lines = {
    # Devices
    "a device is registered, listed and deleted; the same token again is one device, of its new owner": (
        "accept/devices/test_devices.py::test_a_device_is_registered_listed_and_deleted",
        "accept/devices/test_devices.py::test_a_token_that_another_user_has_moves_without_a_word_about_either",
        "commit/devices/test_registration.py::test_the_same_token_again_is_the_same_device_with_its_new_fields",
        "commit/devices/test_registration.py::test_a_token_moves_to_its_new_owner_and_takes_nothing_along",
    ),
    "a user has a bounded number of devices, and nobody sees or deletes those of others": (
        "accept/devices/test_devices.py::test_one_device_more_than_the_limit_takes_the_place_of_the_oldest",
        "accept/devices/test_devices.py::test_the_devices_of_others_are_not_found",
        "commit/devices/test_registration.py::test_many_registrations_at_once_keep_to_the_limit",
        "commit/devices/test_removal.py::test_nobody_deletes_the_device_of_somebody_else",
    ),
    "a device shows when it was last used, its failures, and why it was dropped": (
        "accept/devices/test_devices.py::test_a_device_shows_its_failures_and_why_it_was_dropped",
    ),
    "log-out everywhere and the end of a session end the devices that they registered": (
        "commit/devices/test_removal.py::test_a_log_out_ends_the_devices_of_its_session_alone",
        "commit/devices/test_removal.py::test_a_refresh_token_that_is_used_twice_ends_the_devices_of_its_session",
        "commit/devices/test_removal.py::test_a_log_out_everywhere_ends_all_devices_of_the_user",
        "commit/devices/test_removal.py::test_a_session_that_expires_takes_its_devices_along_also_the_last_of_many",
    ),
    "GET /push/config gives the public key of Web Push and the providers": (
        "accept/devices/test_devices.py::test_the_config_names_the_providers",
    ),
    # The outbox
    "a publication adds one row, whatever the number of its recipients, and none if nobody has a device": (
        "commit/notifications/test_pushes.py::test_publication_to_many_is_one_row",
        "commit/notifications/test_pushes.py::test_publication_to_a_list_is_one_row_with_the_positions_of_its_notifications",
        "commit/notifications/test_pushes.py::test_step_of_digests_is_one_row",
        "commit/notifications/test_pushes.py::test_nothing_is_written_for_those_without_a_device",
        "accept/notifications/test_push.py::test_nothing_is_written_while_push_is_off",
    ),
    "policies offline, always, never and only, and kinds of devices, do what they say": (
        "accept/notifications/test_push.py::test_policies_and_kinds_of_devices_say_what_is_pushed",
        "accept/notifications/test_push.py::test_what_goes_to_devices_alone_is_in_no_list_and_taken_back_by_its_publisher",
        "commit/notifications/test_pushes.py::test_nothing_is_written_with_policy_never",
        "commit/notifications/test_push_only.py::test_policy_only_is_in_the_outbox_alone",
        "commit/publications/test_only.py::test_change_is_what_is_pushed",
    ),
    "a member may silence a room: no push comes from it": (
        "push/test_choices.py::test_no_push_comes_from_a_silent_room_but_mentions_do",
        "commit/preferences/test_silent_rooms.py::test_only_members_silence_a_room_and_nobody_learns_of_one",
    ),
    "a mention is pushed at once, other messages of a room become one push": (
        "commit/push/test_outbox.py::test_mention_is_pushed_at_once",
        "commit/push/test_outbox.py::test_messages_of_a_room_are_one_row_while_it_waits",
        "accept/notifications/test_push.py::test_messages_and_mentions_are_pushed_but_not_to_who_sends_them",
        "push/pages/test_room_messages.py::test_title_of_a_message_is_that_of_its_push",
    ),
    "what is read, archived, deleted or taken back is taken off the devices that show it": (
        "push/pages/test_withdrawal.py::test_what_is_read_or_removed_leaves_the_device",
        "push/pages/test_withdrawal.py::test_what_is_read_or_removed_while_its_push_is_under_way_leaves_the_device",
        "push/pages/test_withdrawal.py::test_message_that_is_deleted_leaves_the_device_with_the_last_one",
        "commit/push/test_outbox.py::test_what_is_taken_back_from_everyone_is_one_row",
        "accept/notifications/test_push.py::test_what_is_read_leaves_the_device",
    ),
    # The decision
    "who has read, seen or archived it, has muted it, or looks at an open stream, gets no push": (
        "push/pages/test_decision.py::test_refusals_hold_for_every_priority",
        "push/pages/test_decision.py::test_an_open_stream_of_a_kind_that_counts_is_enough",
        "push/pages/test_page.py::test_who_has_read_it_by_then_gets_no_push",
        "push/pages/test_page.py::test_an_open_stream_is_enough",
        "commit/push/test_facts.py::test_a_mark_of_the_user_reads_it",
        "commit/push/test_facts.py::test_choices_and_categories_say_whether_there_are_pushes",
    ),
    "quiet hours defer a push to their end, where it is decided again; urgent goes through": (
        "push/pages/test_decision.py::test_quiet_hours_defer_it_to_their_end_unless_it_is_urgent",
        "push/pages/test_page.py::test_quiet_hours_bundle_what_is_still_unread_at_their_end",
    ),
    "low priority is bundled, and so is what exceeds the limit of an hour; urgent never is": (
        "push/pages/test_decision.py::test_low_priority_waits_for_its_bundle_once",
        "push/pages/test_decision.py::test_the_limit_of_the_hour_slides",
        "push/pages/test_page.py::test_low_priority_of_a_category_becomes_one_push_at_the_time_of_the_first",
        "push/pages/test_page.py::test_what_exceeds_the_limit_of_an_hour_becomes_one_push",
        "push/pages/test_page.py::test_the_limit_holds_within_one_page",
    ),
    "the badge is the user's absolute unread count": (
        "push/test_promise.py::test_nobody_is_missed_and_nobody_is_pushed_what_they_have_read",
        "push/pages/test_page.py::test_what_is_read_is_taken_off_the_other_devices",
        "push/pages/test_page.py::test_reading_a_category_takes_its_bundle_off",
    ),
    "progress is durable: kill -9 repeats at most the page under way, with the same collapse key": (
        "push/test_worker.py::test_a_crash_between_hand_over_and_commit_repeats_one_page_with_its_collapse_keys",
        "push/test_worker.py::test_what_was_pushed_while_the_database_is_away_is_written_once_it_is_there",
        "commit/push/test_progress.py::test_a_page_is_written_once",
    ),
    "one instance pushes, and another one takes over": (
        "push/test_worker.py::test_another_instance_goes_on_from_the_last_page",
        "push/test_worker.py::test_two_instances_at_once_write_each_page_once",
        "push/test_worker.py::test_only_one_instance_pushes_and_it_stops_with_its_page",
    ),
    # The dispatcher
    "a provider's Retry-After, 429 and 5xx are followed, with jittered backoff up to the expiry": (
        "push/pages/test_results.py::test_a_provider_is_never_asked_before_it_wants_to_be",
        "push/pages/test_results.py::test_pauses_double_up_to_their_bound_with_a_random_part",
        "push/pages/test_results.py::test_what_comes_too_late_is_a_dead_letter",
    ),
    "a push that is given up is a dead letter with its reason": (
        "push/pages/test_results.py::test_what_is_refused_is_a_dead_letter_and_a_failure_of_the_device",
        "accept/push/test_dead_letters.py::test_admins_list_dead_letters_newest_first",
        "accept/push/test_dead_letters.py::test_retry_makes_the_push_due_and_deletes_the_dead_letter",
    ),
    "a device that is gone is dropped": (
        "commit/push/test_progress.py::test_a_device_that_was_registered_again_since_is_not_dropped",
        "commit/push/test_progress.py::test_devices_learn_what_became_of_their_pushes",
        "e2e/test_push.py::test_device_that_is_gone_is_dropped_and_the_reason_shown",
        "e2e/test_push_to_phones.py::test_phone_that_is_gone_is_dropped",
    ),
    "a provider that is down, slow or refuses delays no other": (
        "push/dispatch/test_dispatcher.py::test_provider_that_hangs_delays_no_other_and_what_cannot_begin_comes_back",
        "push/dispatch/test_dispatcher.py::test_provider_that_fails_gets_no_more_until_a_single_push_succeeds",
        "push/dispatch/test_dispatcher.py::test_services_that_never_answered_leave_most_of_the_turns_to_the_others",
        "push/providers/test_webpush_hostile.py::test_services_that_do_harm_delay_no_other",
        "push/dispatch/test_dispatcher.py::test_services_that_users_make_up_take_no_turns_of_those_that_all_have",
    ),
    # Providers
    "FCM: OAuth, fields, priority, collapse key and errors are as published": (
        "push/providers/test_fcm.py::test_push_is_shown_by_the_system",
        "push/providers/test_fcm.py::test_data_has_texts_alone",
        "push/providers/test_fcm.py::test_silent_push_shows_nothing",
        "push/providers/test_fcm.py::test_no_collapse_key_of_which_fcm_keeps_four",
        "push/providers/test_fcm.py::test_each_documented_error_has_its_outcome",
        "push/providers/test_fcm.py::test_lost_device_is_gone",
        "push/providers/test_fcm.py::test_refused_token_is_renewed_once",
        "push/services/test_fcm.py::test_assertion_is_checked",
        "push/services/test_fcm.py::test_message_is_checked",
    ),
    "APNs: token, headers, sizes, priority, collapse id and errors are as published": (
        "push/providers/test_apns.py::test_push_is_an_alert_with_the_payload_beside",
        "push/providers/test_apns.py::test_silent_push_sets_the_badge_and_wakes_the_app",
        "push/providers/test_apns.py::test_long_push_is_cut_to_4096_bytes",
        "push/providers/test_apns.py::test_one_token_for_all_until_it_is_40_minutes_old",
        "push/providers/test_apns.py::test_each_documented_error_has_its_outcome",
        "push/providers/test_apns.py::test_lost_device_is_gone",
        "push/test_apple.py::test_priority_says_how_much_a_push_disturbs",
        "push/test_apple.py::test_collapse_id_has_64_bytes_of_ascii_at_most",
        "push/services/test_apns.py::test_headers_keep_to_the_table",
        "push/services/test_apns.py::test_provider_token_is_checked",
    ),
    "Web Push: VAPID, encryption, TTL, Urgency, Topic and errors are as published": (
        "push/providers/test_webpush.py::test_device_decrypts_what_the_service_took",
        "push/providers/test_webpush.py::test_time_to_live_is_bounded_and_passed_on",
        "push/providers/test_webpush.py::test_urgency_follows_the_priority",
        "push/providers/test_webpush.py::test_later_push_with_the_same_key_replaces_the_first",
        "push/providers/test_webpush.py::test_answer_says_what_becomes_of_the_push",
        "push/providers/test_webpush.py::test_subscription_of_another_key_pair_is_gone",
        "push/test_vapid.py::test_token_is_for_the_origin_for_at_most_a_day_and_names_the_operator",
        "push/test_encryption.py::test_example_of_the_specification_is_encrypted_to_its_bytes",
    ),
    "webhook: requests are signed by Standard Webhooks, and carry user, count and notification": (
        "push/providers/test_webhook.py::test_request_is_signed_and_has_user_device_count_and_notification",
        "push/providers/test_webhook.py::test_content_is_not_cut",
        "push/providers/test_webhook.py::test_id_is_the_same_when_a_push_is_tried_again",
        "push/providers/test_webhook.py::test_answer_says_what_becomes_of_the_push",
    ),
    "the services of the tests are checked by clients that are not ours": (
        "push/services/test_apns.py::test_node_apn_passes",
        "push/services/test_fcm.py::test_async_firebase_passes",
        "push/services/test_push_service.py::test_web_push_of_npm_passes",
    ),
    "what was encrypted is decrypted by implementations that are not ours": (
        "push/test_encryption.py::test_device_decrypts_what_was_encrypted_for_it",
        "push/test_encryption.py::test_http_ece_of_npm_decrypts_it",
    ),
    "a provider of the application's own is a class that an entry point names": (
        "push/providers/test_registry.py::test_provider_of_the_applications_own_is_found_by_its_entry_point",
        "push/providers/test_registry.py::test_what_is_wrong_with_a_provider_of_ones_own_is_said",
    ),
    "providers are chosen by one setting, and each setting that is missing is named at the start": (
        "push/providers/test_registry.py::test_providers_are_those_of_the_setting_in_its_order",
        "push/providers/test_registry.py::test_names_that_do_not_exist_are_refused_with_those_that_do",
    ),
    "LUMEN_PUSH_CONTENT, and each category, say what a push shows": (
        "push/test_choices.py::test_pushes_show_as_much_as_their_category_says",
        "push/test_choices.py::test_a_category_may_show_more_or_less_than_the_setting",
    ),
    "a device with keys gets its payload encrypted, by FCM and APNs too": (
        "push/providers/test_apns.py::test_device_with_keys_gets_ciphertext_alone",
        "push/providers/test_fcm.py::test_device_with_keys_gets_ciphertext_alone",
        "push/providers/test_webpush.py::test_device_decrypts_what_the_service_took",
    ),
    "payloads keep to 4 KiB by cutting content": (
        "push/providers/test_apns.py::test_long_push_is_cut_to_4096_bytes",
        "push/providers/test_fcm.py::test_long_push_is_cut",
        "push/test_push.py::test_any_payload_fits",
    ),
    "subscriptions reach no private address: resolved, pinned, redirects refused": (
        "push/test_public_network.py::test_connection_is_made_to_the_address_that_was_checked",
        "push/test_public_network.py::test_name_that_changes_its_mind_reaches_nothing_else",
        "push/test_public_network.py::test_name_of_an_address_that_is_not_public_is_refused",
        "push/test_public_network.py::test_address_that_is_not_public_is_refused_in_any_notation",
        "push/test_public_network.py::test_redirect_to_a_private_address_is_not_followed",
        "push/test_public_network.py::test_tls_verifies_the_name_not_the_address",
        "model/test_public_address.py::test_other_address_is_not_public",
    ),
    # The library
    "broadcast_consultation_reply and send_mobile_only_notification do what they say": (
        "test_notifier.py::test_a_consultation_reply_is_a_message_with_a_title_that_is_pushed",
        "test_notifier.py::test_a_mobile_only_notification_is_pushed_and_nothing_else",
    ),
    # The browser
    "enablePush() asks, subscribes and registers; the service worker shows, opens, marks and renews": (
        "web/test_modules.py::test_logic_of_module_holds",
        "web/test_push_in_browser.py::test_a_device_is_removed_in_the_settings_of_another",
        "web/test_push_in_browser.py::test_an_application_of_another_origin_has_the_worker_by_one_line",
        "web/test_package.py::test_the_service_worker_is_one_file",
        "api/web/test_client_files.py::test_service_worker_may_have_any_scope_of_its_origin",
    ),
    "a push is received, decrypted, shown and clicked in Chromium": (
        "web/test_push_in_browser.py::test_a_push_is_received_decrypted_shown_clicked_and_taken_off",
    ),
    "a push makes the true round trip in Firefox": (
        "browsers/test_push_in_firefox.py::test_a_push_makes_the_true_round_trip",
    ),
    # Those who run it
    "metrics by provider and outcome, delay, and length and age of the outbox": (
        "e2e/test_metric_values.py::test_every_metric_has_its_value_after_a_known_scenario",
        "e2e/test_metric_values.py::test_metrics_of_push_have_their_values",
        "push/test_backlog.py::test_backlog_counts_what_waits_and_how_long_the_oldest_is_due",
    ),
    "GET /notifications/{id}/deliveries says who got it, and who did not and why": (
        "accept/notifications/test_deliveries.py::test_its_publisher_learns_who_was_pushed_to_and_who_was_not",
        "accept/notifications/test_deliveries.py::test_nobody_else_learns_of_it_but_admins",
        "accept/notifications/test_deliveries.py::test_what_is_for_devices_alone_says_that_there_is_none",
        "commit/push/test_report.py::test_pages_of_all_pushes_are_read_in_their_order",
    ),
    "lumen-notify push-test pushes to a user and says what each provider answered": (
        "cli/test_push_test.py::test_each_device_gets_a_push_and_has_its_line",
        "cli/commands/test_push_test.py::test_push_test_prints_a_line_for_each_device",
    ),
    "lumen-notify vapid makes a key": (
        "cli/commands/test_vapid.py::test_vapid_prints_a_new_key_that_the_server_takes",
        "cli/commands/test_vapid.py::test_public_key_of_the_database_stays_the_same",
    ),
    "docs/push.md sets up each provider, and shows receivers": (
        "test_push_page.py::test_the_page_is_tried_as_it_says",
        "test_push_page.py::test_provider_of_ones_own_hands_over",
    ),
    # It must show
    "read-aware: a property test with a model, on SQLite and PostgreSQL, with two instances": (
        "push/test_promise.py::test_nobody_is_missed_and_nobody_is_pushed_what_they_have_read",
    ),
    "1,000 users, kill -9 of the worker and of PostgreSQL, providers that fail: nobody is missed": (
        "e2e/test_push_crashes.py::test_everybody_unread_gets_it_and_nobody_who_had_read",
    ),
    "to 100,000 devices: one row, and memory is flat": (
        "bench/test_push.py::test_one_publish_to_all_is_one_row_and_bounded_memory",
    ),
    "meanwhile a receipt's p99 is within 2 times and 20 ms of that without, median of five": (
        "push/test_worker.py::test_streams_have_their_turn_every_few_milliseconds_of_a_large_push",
        "push/pages/test_turns.py::test_others_have_a_turn_whenever_the_time_is_over",
        "bench/test_push.py::test_receipts_of_the_last_measurement_are_within_their_bound",
    ),
    "hostile: 1,000 registrations, keys off the curve, endless, slow and wrong answers, others' devices": (
        "commit/devices/test_registration.py::test_many_registrations_at_once_keep_to_the_limit",
        "accept/devices/test_keys.py::test_what_is_no_point_of_the_curve_is_no_key",
        "accept/devices/test_devices.py::test_the_devices_of_others_are_not_found",
        "push/test_public_network.py::test_answer_of_10_mb_is_cut",
        "push/test_public_network.py::test_answer_that_does_not_come_is_given_up",
        "push/providers/test_webpush.py::test_answer_says_what_becomes_of_the_push",
        "push/providers/test_webpush.py::test_service_whose_certificate_is_for_another_name_gets_nothing",
        "push/providers/test_webpush.py::test_device_without_good_keys_is_gone",
        "push/test_resolver.py::test_names_that_do_not_answer_hold_a_bounded_number_of_threads",
    ),
}


@pytest.mark.parametrize("line", cases(LINES))
def test_each_line_is_held_by_its_tests(line: str) -> None:
    check(line, LINES[line])
