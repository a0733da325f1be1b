import { graphql } from "relay-runtime";

export const Companies = graphql`query appCompaniesQuery { companies { totalCount } }`;
