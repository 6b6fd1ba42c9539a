/*
 * ask -- the forms that requests to accounts take: each waits for its answer,
 * and says on standard error why it was none.
 */
#ifndef ASK_H
#define ASK_H

#include "client.h"

/* Whether an argument fits into a request: CLIENT_OK or CLIENT_USAGE. */
enum client_exit ask_check_length(const char *text);

/* Sends the request, wipes and frees it, and expects no fields back. */
enum client_exit ask_finish(int fd, struct packet *request);

/* A request with one text and no answer but yes or no. */
enum client_exit ask_text(int fd, uint16_t type, const char *text);

/* A name, args[0], and the list that belongs to it. */
enum client_exit ask_list(int fd, uint16_t type, char **args, int count);

/* Prints a whole list, page by page; domain counts for users and backends. */
enum client_exit ask_pages(int fd, uint16_t type, const char *domain);

#endif
