/**
 * Lets others have the extension host's thread: what we do there in one go is to take some milliseconds, never twenty. For the same on Node and in the
 * browser a timer does.
 */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
