/** Node's object for exports; pages do not have it. */
declare var module: { exports: unknown } | undefined;
