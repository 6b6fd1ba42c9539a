/*
 * service_control -- how a service's parent tells its running client process
 * of a new conf and its listeners: packets over a pair of sockets that lasts
 * as long as the parent.
 *
 *	CONF	  the values of the conf; begins a reading
 *	TLS	  more octets of its files of TLS
 *	LISTENER  which address of the conf, which socket of it; with a
 *		  descriptor; only for listeners that are new
 *	END	  that was all
 *
 * All packets of a reading carry its generation as their id, and readings
 * that are no newer than the process itself are passed over: they were meant
 * for one that has died.  Nothing is answered.
 *
 * The other way goes one thing: a packet, in which the parent does not look,
 * asks it to read the files of TLS again.  The parent gets SIGIO of it.
 */
#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include "conf.h"
#include "tls_files.h"

#include <stdint.h>

struct service_listeners;

/* A conf with its new listeners, as it has come. */
struct service_news {
	uint32_t generation;
	void *conf; /* NULL: none */
	struct tls_files files;
	size_t count; /* addresses in it */
	unsigned each;
	int *fds; /* each for the first address, for the second...; -1 where
		     the process has it already; owned */
};

/* Makes the two ends: [0] for the parent.  0, or -1 with errno. */
int service_control_open(int ends[2]);

/*
 * Sends a reading, waiting a few seconds for a busy process.  0: its listeners
 * are no longer new; -1 with errno where it could not be sent whole.
 */
int service_control_send(int end, uint32_t generation,
    const struct conf_spec *spec, const void *conf,
    const struct tls_files *files, struct service_listeners *listeners);

/*
 * Receives packets into *n (zeroes but for generation and each, at first)
 * without waiting.  1: a reading is whole: take its conf and fds, which are the
 * caller's then, and set them to NULL.  0: there are no more packets.  -1 with
 * errno where the socket failed.  What is malformed is dropped, with a line.
 */
int service_control_receive(
    int end, const struct conf_spec *spec, struct service_news *n);

/* In the client process, any thread: asks for the files of TLS as they are by
 * now.  Does not wait; one that is lost is asked for again. */
void service_control_ask(int end);

/* In the parent: whether that was asked for since the last time. */
int service_control_is_asked(int end);

/* Frees the conf and closes the descriptors of a reading. */
void
service_control_forget(const struct conf_spec *spec, struct service_news *n);

#endif
