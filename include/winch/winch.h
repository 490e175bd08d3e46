/* libwinch: the public C API of winch. */
#ifndef WINCH_WINCH_H
#define WINCH_WINCH_H

#endif
