/** The client on a page of its own, for the test to call. */
import * as wetread from '@wetread/client';

Object.assign(globalThis, { wetread });
