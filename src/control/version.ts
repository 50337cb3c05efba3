/** As in package.json; the build keeps them equal by a test. */
export const version = '0.1.0';
