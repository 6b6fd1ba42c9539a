/*
 * tls_load -- clients that load a server with TLS, or measure a plain session
 * beside such a load.  One thread, so that its own CPU time is known, and
 * cheap: it checks no certificate, and looks at letters only once.
 *
 *	tls_load hands PORT SECONDS CLIENTS 1.2|1.3 full|resumed
 *	tls_load hello PORT SECONDS CLIENTS
 *	tls_load retr PORT SECONDS CLIENTS LETTERS PREFIX DOMAIN
 *	tls_load noop PORT SECONDS
 *	tls_load letter PORT SECONDS RECIPIENT
 *
 * hands: handshakes, each until the greeting has come.  hello: what costs a
 * client least and the server most: the same ClientHello again and again, and
 * a hang-up after the first octet of the answer; it yields to all others
 * (nice 19).  retr: clients log in as PREFIX0, PREFIX1, ... and take LETTERS
 * letters over and over, all asked for at once.  noop: NOOPs of one plain SMTP
 * session.  letter: plain SMTP sessions with a letter.
 *
 * Prints one line of name=value; times are in us.
 */
#ifndef TLS_LOAD_H
#define TLS_LOAD_H

#include <stddef.h>
#include <stdint.h>

#define SECOND INT64_C(1000000000)

/* The monotonic clock, and the CPU time of this process, in ns. */
int64_t load_now(void);
int64_t load_cpu(void);

/* Prints why and errno, and ends the program. */
__attribute__((noreturn)) void load_die(const char *why);

/* A socket that connects to 127.0.0.1:port; flags as for socket(2). */
int load_connect(int port, int flags);

/* Durations, of which the first million is kept. */
void load_took(int64_t ns);
/* Prints median_us, p90_us, p99_us and most_us of them. */
void load_print_times(void);

/* The plain measures, in tls_load_plain.c; they print their line. */
void plain_noop(int port, int64_t end);
void plain_letter(int port, int64_t end, const char *recipient);

#endif
