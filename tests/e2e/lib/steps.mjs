/** The steps of one story: each is a test of its own, and the story ends where one fails. */
export function stepsOf(test, world) {
  return async (name, action) => {
    let failed = false;
    await test.test(name, async (step) => {
      try {
        await action();
      } catch (error) {
        failed = true;
        step.diagnostic(await world.evidence());
        throw error;
      }
    });
    if (failed) throw new Error(`the story ended at: ${name}`);
  };
}
