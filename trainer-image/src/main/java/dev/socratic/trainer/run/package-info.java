/** A whole run from resource to published adapter: the order in which the other packages do their part. */
package dev.socratic.trainer.run;
