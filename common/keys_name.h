/*
 * keys_name -- which files in the folder of private keys are taken for keys.
 */
#ifndef KEYS_NAME_H
#define KEYS_NAME_H

#define KEYS_NAME_MAX 256 /* with its NUL */

/* Whether the name ends with .pem or .key; none that begins with a dot does. */
int keys_name_is_key(const char *name);

#endif
