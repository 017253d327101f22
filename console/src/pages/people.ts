// One file for the browser: who looks for a user opens one next.

export { User } from "./user/User";
export { Users } from "./users/Users";
