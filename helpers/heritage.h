/*
 * heritage -- what the helpers' parent finds when it begins: listening sockets
 * of the service manager (sd_listen_fds(3)), and what the program had whose
 * place it takes (super_exec.h): its listening sockets, so that nobody finds
 * them away, the key of resume tokens, so that POP3 sessions keep their
 * maildrops, and what was counted.
 *
 *	RINGMAIL_SOCKETS	"FD ADDRESS", one a line; "FD*ADDRESS" where the
 *				service manager has made it
 *	RINGMAIL_SEAL		a descriptor of memory with the key
 *	RINGMAIL_METER		"LAYOUT FD FD FD": how counters are laid out,
 *				memory with them (meter.h), and a pair with that
 *				of smtpd and pop3d (metrics_park.h)
 */
#ifndef HERITAGE_H
#define HERITAGE_H

#include <stddef.h>
#include <stdint.h>

/* Takes over what there is: once, first of all. */
void heritage_take(void);

/* A socket that was handed on, by its path or address (listen.h), the caller's;
 * -1: there is none.  *is_passed: the service manager has made it, and its file
 * is not ours. */
int heritage_socket(const char *address, int *is_passed);

/* The key, if one was handed on: 1, or 0.  It is wiped here. */
int heritage_seal(unsigned char *seal, size_t size);

/* What was counted, if it is laid out like this: *memory and *park become the
 * caller's.  1, or 0. */
int heritage_meter(uint32_t layout, int *memory, int park[2]);

/* Closes what nobody asked for, and removes files of such sockets. */
void heritage_end(void);

/* Notes a socket that is to be handed on; the caller keeps it open. */
void heritage_note(int fd, const char *address, int is_passed);

/* Whether one that was noted is the service manager's. */
int heritage_is_passed(const char *path);

/* What was counted and is to be handed on, likewise. */
void heritage_note_meter(uint32_t layout, int memory, const int park[2]);

/* Hands on what was noted, and this key, to the program that comes by exec.  0,
 * or -1 with errno.  heritage_keep undoes it. */
int heritage_give(const unsigned char *seal, size_t size);
void heritage_keep(void);

#endif
