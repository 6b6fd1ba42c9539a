/*
 * tls_gate -- how handshakes share a worker with sessions that are plain or
 * past theirs: one step of one handshake at a time, and between two steps
 * everyone else who can run does, after descriptors were looked at.
 *
 * A step is what OpenSSL computes between two waits: a tenth of a millisecond
 * and more, where a session's command takes a tenth of that.  Without the gate
 * a command would wait for a step of every handshake under way.
 */
#ifndef TLS_GATE_H
#define TLS_GATE_H

/*
 * Begins a step: waits for those that came before.  A fiber that was cancelled
 * does not wait.  Every enter needs a leave, and neither nests.
 */
void tls_gate_enter(void);
void tls_gate_leave(void);

#endif
