// The package comes without types.
declare module "workerd" {
  const workerd: { /** Where its executable is. */ default: string };
  export default workerd;
}
