/** What a run leaves behind: the adapter in PEFT's format, the replies before and after, and the report. */
package dev.socratic.trainer.export;
