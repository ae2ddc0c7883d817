export { copyRunFiles, type FileLink, linkFiles } from './run-files.repository.ts'
