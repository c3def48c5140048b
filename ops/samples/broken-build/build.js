for (let n = 1; n <= 200; n++) {
  console.log(`out ${n} of 200`);
  console.error(`err ${n} of 200`);
}

process.exitCode = 3;
