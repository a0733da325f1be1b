import { gql } from "@apollo/client";

export const Companies = gql`
  query Companies($first: Int) {
    companies(first: $first) { totalCount edges { node { id ...Shown } } }
  }
  fragment Shown on Company { name }
`;
