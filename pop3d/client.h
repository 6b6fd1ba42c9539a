/*
 * client -- the process that clients talk to: what it may touch, and its way to
 * the helpers.
 */
#ifndef CLIENT_H
#define CLIENT_H

struct service;
struct device;
struct mailbox;

/* All of pop3d, for service_main. */
extern const struct service client_service;

/* The calling worker's devices. */
struct device *client_accounts(void);
struct mailbox *client_mailbox(void);
struct device *client_resolver(void);

#endif
