"""Push: the third way out of the log, to the devices of users who do not look.

    commit/push      writes what is to be pushed, with the publication, and how far it is done
    push/worker      on one instance: due pushes -> pages of users
    push/pages       who gets it, who waits, who does not and why; what each device gets
    push/dispatch    a page -> the providers, each within its bounds, and what became of it
    push/service     all of these in one process
    push/providers   FCM, APNs, Web Push, webhooks, the log

Promises: whoever has not read a notification and is not looking gets it at least once, and a repeat replaces
the first on the device (`collapse_key`); whoever has read it before the decision does not get it; a provider
that fails delays no other.
"""
