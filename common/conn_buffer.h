/*
 * conn_buffer -- the buffers of connections (conn.c and conn_pass.c alone):
 * CONN_BUFFER octets each, kept by the worker while nobody has them.
 */
#ifndef CONN_BUFFER_H
#define CONN_BUFFER_H

/* One, with anything in it; NULL without memory. */
char *conn_buffer_get(void);

/* Gives it back and sets *b to NULL, which it may be already. */
void conn_buffer_put(char **b);

#endif
