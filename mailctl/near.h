/*
 * near -- what was meant by a word that is none.
 */
#ifndef NEAR_H
#define NEAR_H

/*
 * "; did you mean NAME?", of the name (NULL ends them) that is nearest to what
 * was written, or "" where none is.  Good until the next call.
 */
const char *near_hint(const char *written, const char *const *names);

#endif
