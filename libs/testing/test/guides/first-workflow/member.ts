export interface Member {
  memberId: string;
  address: string;
}
