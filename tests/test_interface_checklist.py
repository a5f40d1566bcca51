"""What the interface of 0.1 must have, line by line, and the tests that hold it.

A line without tests is still to be done. A line with tests fails as soon as one of them goes.
"""

from __future__ import annotations

import pytest

from checklist import Lines, cases, check

LINES: Lines = {
    # Install and run
    "wheel and sdist install into empty environments, and serve": (
        "release/test_installed.py::test_wheel_serves_from_an_empty_environment",
        "release/test_installed.py::test_make_run_in_the_unpacked_sdist_installs_the_runtime_alone_and_serves",
        "release/test_installed.py::test_sdist_builds_the_same_wheel",
    ),
    "make run installs the runtime alone, in at most 150 MB and a third of the time": (
        "release/test_installed.py::test_make_run_in_the_unpacked_sdist_installs_the_runtime_alone_and_serves",
        "release/test_lock_files.py::test_runtime_has_no_tool_and_no_test_library",
    ),
    "serve offers HTTPS and HTTP/2, and the stream works over both": (
        "contract/test_stream_over_http2.py::test_frames_are_those_of_http_1_1",
        "contract/test_stream_over_http2.py::test_stream_that_is_not_read_is_closed_as_slow_and_others_stay",
        "e2e/test_tls.py::test_curl_reads_the_stream",
        "e2e/test_tls.py::test_ten_streams_share_one_connection_of_httpx",
        "e2e/test_tls.py::test_ten_streams_of_one_browser_stay_open",
        "e2e/test_tls.py::test_sigterm_ends_a_stream_over_http2_with_closing",
        "e2e/test_tls.py::test_plain_http_ends_at_once",
        "e2e/test_tls.py::test_sighup_reads_the_certificate_again",
        "cli/test_tls.py::test_each_problem_names_the_setting_and_the_file",
        "deliver/connection/test_http2_cycle.py::test_client_that_takes_nothing_holds_up_one_window_and_is_given_up",
    ),
    "a container image is described, and starts as an ordinary user": (
        "release/test_container_image.py::test_all_that_is_copied_exists_and_is_not_ignored",
        "release/test_container_image.py::test_last_stage_is_small_and_runs_the_server_as_an_ordinary_user",
        "release/test_container_image.py::test_its_commands_build_and_serve_in_a_plain_folder",
    ),
    "a page says how to run it in production, from grants to backups and upgrades": (
        "release/test_production.py::test_server_works_with_the_role_and_the_grants_of_the_page",
        "release/test_production.py::test_sqlite_is_backed_up_while_it_is_written_and_restored",
        "release/test_production.py::test_systemd_accepts_the_unit",
        "release/test_production.py::test_page_names_each_subject",
    ),
    # Tables
    "tables have a prefix of our own and standard names, beside an application's tables": (
        "commit/database/test_before_0_1.py::test_tables_of_an_application_are_left_alone",
        "e2e/test_application_database.py::test_a_server_lives_in_an_applications_database",
    ),
    "databases made so far are carried over": (
        "commit/database/test_before_0_1.py::test_carried_over_database_has_the_schema_of_a_new_one",
        "commit/database/test_before_0_1.py::test_rows_are_carried_over",
        "commit/database/test_before_0_1.py::test_two_starters_at_once_carry_over_once",
        "e2e/test_older_database.py::test_an_older_database_opens_with_its_counts_and_events",
    ),
    "postgres:// is accepted, and options of a database URL are honoured or refused": (
        "settings/test_database_url.py::test_url_of_a_server_names_addresses_role_and_database",
        "settings/test_database_url.py::test_option_that_would_be_ignored_is_refused_by_name",
        "commit/database/test_postgresql_errors.py::test_options_of_the_url_are_honoured",
        "commit/database/test_postgresql_errors.py::test_certificate_is_checked_as_the_url_says",
    ),
    "a mistake about the database is one line that names the thing and the way out": (
        "cli/commands/test_migrate.py::test_mistake_about_the_database_is_one_line",
        "commit/database/test_postgresql_errors.py::test_role_without_the_right_to_create_tables_is_told_the_grant",
        "commit/database/test_postgresql_errors.py::test_wrong_and_missing_password",
        "commit/database/test_sqlite_errors.py::test_folder_and_file_that_may_not_be_written",
        "commit/database/test_sqlite_errors.py::test_disk_that_is_full",
    ),
    "migrations are logged": (
        "commit/database/test_migrations.py::test_each_migration_is_logged_in_one_line",
        "cli/commands/test_migrate.py::test_migrate_says_what_it_did",
    ),
    # The API
    "each path has one meaning, with PATCH where it merges": (
        "api/openapi/test_document.py::test_each_path_has_one_meaning_and_each_removal_one_answer",
        "api/test_routes.py::test_api_path_answers_for_itself_and_not_for_the_page",
        "accept/preferences/test_preferences.py::test_every_open_stream_gets_a_change_of_preferences",
    ),
    "every list takes a cursor, and each removal answers in one shape": (
        "api/openapi/test_document.py::test_every_list_takes_a_cursor_and_returns_one_as_text",
        "api/openapi/test_document.py::test_each_path_has_one_meaning_and_each_removal_one_answer",
        "http/test_cursors.py::test_cursor_of_another_list_is_refused_by_name",
        "http/test_pages.py::test_short_list_comes_in_pages_in_order",
        (
            "accept/rooms/test_history.py::"
            "test_history_is_followed_by_its_cursor_in_the_direction_of_the_first_page"
        ),
    ),
    "username is the handle and display_name is what is shown; OIDC claims are understood": (
        (
            "accept/accounts/test_accounts.py::"
            "test_users_see_and_change_their_account_and_new_tokens_carry_the_change"
        ),
        "accept/accounts/test_accounts.py::test_any_logged_in_user_finds_another_user_by_name",
        "auth/test_claims.py::test_claims_of_openid_connect_stand_in_for_ours",
    ),
    "a notification has a url, actions and an icon, which are checked": (
        "accept/notifications/test_publish.py::test_links_and_an_icon_are_in_lists_and_frames",
        "accept/notifications/test_publish.py::test_links_stay_while_a_notification_is_scheduled_merged_or_in_a_digest",
        "http/test_links.py::test_what_a_browser_reads_as_something_else_is_no_link",
        "web/test_page_bell_in_browser.py::test_click_on_a_row_opens_its_link",
        "web/test_page_bell_in_browser.py::test_bell_makes_no_link_of_an_address_that_is_not_one",
    ),
    "a publisher changes a notification and takes it back; users delete from their own list": (
        "accept/notifications/test_edits.py::test_a_change_is_in_lists_streams_and_replays",
        "accept/notifications/test_edits.py::test_what_waits_is_published_as_changed",
        "accept/notifications/test_deletion.py::test_its_publisher_takes_a_notification_back_from_everyone",
        "accept/notifications/test_deletion.py::test_no_replay_shows_what_was_taken_back_or_deleted",
        "accept/notifications/test_deletion.py::test_one_sender_leaves_a_group_and_the_last_one_takes_the_row_along",
        "accept/notifications/test_deletion.py::test_what_waits_is_taken_back_before_it_is_published",
        "accept/notifications/test_deletion.py::test_a_user_deletes_from_their_own_list_alone",
        "accept/notifications/test_deletion.py::test_many_are_deleted_at_once",
        "commit/test_counts.py::test_counts_lists_and_events_agree_after_every_transaction",
        "e2e/test_promise.py::test_state_kept_from_frames_always_equals_a_fresh_fetch",
    ),
    "categories and frame names that would collide are reserved": (
        "model/test_categories.py::test_the_name_and_the_type_of_every_frame_is_reserved",
        "accept/notifications/test_bodies.py::test_wrong_publish_names_its_fields",
        "commit/notifications/test_inbox.py::test_rows_with_a_category_that_is_reserved_since_are_listed_and_marked",
    ),
    "push and devices of a publication are accepted and kept": (
        "commit/notifications/test_publication.py::test_push_and_devices_are_kept_wherever_it_waits_and_in_its_row",
        "accept/notifications/test_schedule.py::test_push_and_devices_are_shown_to_the_publisher_alone",
    ),
    "unknown ids are told, a recipient may be plain text, details are sentences": (
        "accept/test_ids_in_capitals.py::test_unknown_ids_of_a_mark_are_named",
        "accept/notifications/test_bodies.py::test_a_text_is_the_recipient",
        "accept/notifications/test_bodies.py::test_errors_about_recipients_and_marks_show_the_shapes",
        "http/test_problem_types.py::test_every_refusal_is_a_sentence",
        "http/test_problem_types.py::test_each_type_has_a_title_of_its_own_and_a_meaning_in_sentences",
        "web/test_page_session_in_browser.py::test_form_takes_a_token_and_says_how_to_get_one",
    ),
    # OpenAPI
    "clients made by three generators work against a server": (
        "e2e/test_generated_clients.py::test_openapi_typescript_makes_types_with_which_a_client_publishes",
        "e2e/test_generated_clients.py::test_openapi_python_client_makes_a_client_that_publishes",
        "e2e/test_generated_clients.py::test_datamodel_code_generator_makes_models_that_publish",
    ),
    "Redocly lints the document without a warning": (
        "e2e/test_generated_clients.py::test_redocly_finds_nothing_in_the_documents",
    ),
    "the documentation page starts with authentication, and has paths, search, contents and curl first": (
        "api/openapi/test_docs_in_browser.py::test_docs_begin_with_address_and_authentication_and_lead_home",
        "api/openapi/test_docs_in_browser.py::test_docs_list_paths_and_show_the_command_before_all_else",
        "api/openapi/test_docs_in_browser.py::test_search_needs_only_the_keyboard",
        "api/openapi/test_docs_in_browser.py::test_docs_on_a_phone_have_contents_and_no_sideways_scrolling",
    ),
    # The library
    "the library makes tokens, exports its errors and warns when it is opened without a lifespan": (
        "test_app.py::test_it_makes_tokens_that_it_accepts",
        "test_app.py::test_the_package_exports_all_errors",
        "test_errors.py::test_the_text_of_invalid_fields_names_each",
        "e2e/test_embedded.py::test_application_that_forgot_the_lifespan_ends_on_ctrl_c",
        "e2e/test_embedded.py::test_application_of_our_own_server_that_forgot_the_lifespan_ends_on_ctrl_c",
    ),
    "FastAPI, Starlette, Django and Flask are shown, and what is shown runs": (
        "test_library_pages.py::test_an_application_mounts_it_with_its_own_lifespan",
        "test_library_pages.py::test_a_django_application_calls_it_by_http",
        "test_library_pages.py::test_a_flask_application_calls_it_by_http",
    ),
    "a client for other processes publishes, sends, counts and follows a stream, sync and async": (
        "client/test_client.py::test_an_application_publishes_and_a_user_reads",
        "client/test_client.py::test_retries_of_a_publish_have_one_key_and_those_of_a_message_one_id",
        "client/test_client.py::test_the_import_needs_nothing_of_the_server",
        "client/test_stream.py::test_a_stream_resumes_from_the_cursor_of_another",
        "client/test_stream.py::test_it_reconnects_with_its_cursor_until_it_ends",
        "test_library_pages.py::test_the_calls_of_the_client_run",
    ),
    "the command line uses this client": (
        "cli/commands/test_send.py::test_send_publishes",
        "cli/test_tail.py::test_tail_follows_a_server_across_a_kill_and_ends_quietly",
    ),
    # Commands and settings
    "lumen-notify settings lists all settings, and prints a commented file": (
        "cli/test_settings_text.py::test_each_setting_has_its_value_and_its_source",
        "cli/test_settings_text.py::test_secrets_are_masked",
        "cli/test_settings_text.py::test_the_file_has_every_default_and_changes_nothing",
    ),
    "settings are read from .env and --env-file": (
        "cli/test_lazy.py::test_flags_come_before_the_environment_and_this_before_the_file",
        "cli/test_lazy.py::test_a_mistake_in_a_file_is_named_by_its_line",
    ),
    "every command has an example, and flags read right": (
        "cli/test_cli.py::test_each_command_has_its_own_help",
        "cli/test_lazy.py::test_a_mistake_is_named_by_its_flag",
    ),
    "commands but serve never make a secret, and unknown scopes are warned about": (
        "cli/commands/test_token.py::test_without_a_secret_it_says_where_to_run_and_makes_none",
        "cli/commands/test_token.py::test_an_unknown_scope_is_warned_about_and_the_token_stands_alone",
        "cli/commands/test_account.py::test_without_a_database_it_says_where_to_run_and_makes_none",
        "api/test_routes.py::test_page_names_the_folder_of_a_secret_that_the_server_has_made",
    ),
    "logs are readable on a terminal, logfmt or JSON elsewhere, with an access log by a setting": (
        "test_logs.py::test_by_default_it_is_text_on_a_terminal_and_logfmt_elsewhere",
        "test_logs.py::test_json_is_one_object_on_one_line",
        "test_logs.py::test_the_access_log_has_no_queries_and_no_tokens",
        "cli/test_secrecy.py::test_nothing_secret_is_in_any_line_of_our_server",
    ),
    "serve --reload and lumen-notify check work": (
        "cli/test_reload.py::test_a_change_starts_the_application_again_and_ends_its_streams_cleanly",
        "cli/checks/test_check.py::test_every_part_that_is_not_right_is_found",
        "cli/commands/test_check.py::test_it_prints_a_line_for_each_part_and_its_status_says_the_result",
    ),
    # README and docs
    "README has at most 200 lines: what, why, a picture, one command, and when to use something else": (
        "test_pages.py::test_readme_is_short",
        "test_readme.py::test_quick_start_works_as_the_readme_shows_it",
    ),
    "docs are arranged by task, and each chapter starts and ends clean": (
        "test_pages.py::test_every_page_is_in_the_index",
        "test_readme.py::test_each_example_is_answered_as_it_is_told",
    ),
    "no text uses he, or words that we do not use": (
        "test_house.py::test_users_are_they",
        "test_house.py::test_pages_have_the_plain_form",
    ),
    # It must show
    "a release can be built again from the commit that its changelog names": (
        "release/test_reproducible_build.py::test_two_clones_of_a_commit_build_the_same_files",
        "release/test_changelog.py::test_newest_entry_names_version_date_and_tag",
        "release/test_changelog.py::test_tag_of_the_version_is_a_commit_of_this_version",
    ),
}


@pytest.mark.parametrize("line", cases(LINES))
def test_each_line_is_held_by_tests(line: str) -> None:
    check(line, LINES[line])
